"""The three pages of work: what each role meets, and what a click does. The browser itself is driven elsewhere."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlmodel import col, select
from streamlit.testing.v1 import AppTest

from db.accounts.sessions import sign_in
from db.accounts.users import create_user
from db.engine import engine, read, write
from db.review import steps
from db.review.answers import save_pair_review
from db.tables import Assignment, Judgement, PairReview, PreferencePair, Queue, QueueItem, TreeReview
from pages._parts.review import answering
from proutt_core.actions.importing import import_now
from proutt_core.errors import ConflictError
from proutt_core.jobs.kinds.importing import ImportRequest
from proutt_core.types import AccountRole
from tests.db import work
from tests.dialogues.pairs.released_files import preference, sft
from tests.dialogues.pairs.released_files import write as write_file
from tests.pages.conftest import pane_texts

PAGES = Path(__file__).resolve().parents[2] / "pages"
PASSWORD = "correct horse battery"

Open = Callable[..., AppTest]


@pytest.fixture
def open_page(sqlite: str, monkeypatch: pytest.MonkeyPatch) -> Open:
    def opened(page: str, user: str | None, **address: str) -> AppTest:
        token = None if user is None else sign_in(name=user, password=PASSWORD, address="127.0.0.1")
        monkeypatch.setattr("pages._parts.who.session_token", lambda: token)
        app = AppTest.from_file(str(PAGES / "router.py"), default_timeout=30)
        app.run()
        app.switch_page(f"{page}.py")
        for name, value in address.items():
            app.query_params[name] = value
        app.run()
        assert not app.exception
        return app

    return opened


def person(name: str, *roles: AccountRole) -> int:
    return create_user(name=name, password=PASSWORD, roles=roles).id


def button(app: AppTest, key: str) -> object:
    buttons = [b for b in app.button if b.key is not None and b.key.startswith(key)]
    assert len(buttons) == 1, [b.key for b in app.button]
    return buttons[0]


def click(app: AppTest, key: str) -> AppTest:
    button(app, key).click()  # type: ignore[attr-defined]
    app.run()
    assert not app.exception
    return app


def texts(app: AppTest) -> list[str]:
    return [element.value for element in app.text] + pane_texts(app)


def sent(app: AppTest) -> bytes:
    """Every element and block as serialised for the browser. (`str(app)` leaves the texts out.)"""
    protos = [getattr(node, "proto", None) for node in app._tree]
    return b"".join(proto.SerializeToString() for proto in protos if hasattr(proto, "SerializeToString"))


def last_answer(table: type[Judgement] | type[PairReview] | type[TreeReview]) -> tuple[str, str]:
    with read() as session:
        row = session.exec(select(table)).one()
        return row.answer, row.comment


def a_run() -> None:
    work.open_queues(work.finished_run(work.samples(3)))


def test_a_judge_answers_and_meets_the_next_comparison_in_the_same_rerun(open_page: Open) -> None:
    judge = person("judge", "annotator")
    work.study(work.samples(2, split="test"), members=[judge], marker="zebra")
    app = open_page("compare", "judge")
    first = button(app, "verdict-tie-").key  # type: ignore[attr-defined]
    assert sum(text in texts(app) for text in ("A1 of case 0", "B1 of case 0")) == 2
    assert work.NEXT not in texts(app)
    assert b"A1 of case 0" in sent(app)
    assert b"zebra" not in sent(app)
    app.text_input[0].set_value("close call")
    click(app, "verdict-tie-")
    assert last_answer(Judgement) == ("tie", "close call")
    assert button(app, "verdict-tie-").key != first  # type: ignore[attr-defined]
    assert "A1 of case 1" in texts(app)
    click(app, "verdict-left-")
    assert app.header[0].value == "All done here"


def test_undo_on_the_last_page_brings_the_comparison_back(open_page: Open) -> None:
    judge = person("judge", "annotator")
    work.study(work.samples(1, split="test"), members=[judge])
    app = click(open_page("compare", "judge"), "verdict-right-")
    click(app, "undo-")
    assert "A1 of case 0" in texts(app)


@pytest.mark.parametrize("role", ["researcher", "admin"])
def test_researchers_and_admins_get_a_preview_that_cannot_be_answered(open_page: Open, role: AccountRole) -> None:
    user = person("knows", role, "annotator")
    work.study(work.samples(1, split="test"), members=[user])
    app = open_page("compare", "knows")
    assert [b.disabled for b in app.button] == [True, True, True]
    assert "A1 of case 0" not in texts(app)
    assert "Preview" in app.info[0].value


def test_an_annotator_without_a_study_is_told_what_must_happen(open_page: Open) -> None:
    person("ann", "annotator")
    app = open_page("compare", "ann")
    assert app.header[0].value == "Nothing to do here yet"
    assert not app.button


def test_a_reviewer_answers_a_tree_and_details_are_off_until_asked_for(open_page: Open) -> None:
    a_run()
    person("rev", "reviewer")
    app = open_page("trees", "rev")
    assert work.NEXT not in texts(app)
    app.toggle[0].set_value(True)
    app.run()
    assert work.NEXT in texts(app)
    click(app, "verdict-partly-")
    assert last_answer(TreeReview) == ("partly", "")
    assert work.NEXT not in texts(app)


def test_a_skipped_tree_is_not_the_next_one(open_page: Open) -> None:
    a_run()
    person("rev", "reviewer")
    app = open_page("trees", "rev")
    first = button(app, "skip-").key  # type: ignore[attr-defined]
    click(app, "skip-")
    assert button(app, "skip-").key != first  # type: ignore[attr-defined]


def test_an_annotator_edits_a_pair_and_the_edit_is_saved_as_approved(open_page: Open) -> None:
    a_run()
    person("ann", "annotator")
    app = click(open_page("pairs", "ann"), "verdict-edit-")
    fields = {area.key: area for area in app.text_area}
    [chosen] = [key for key in fields if key and key.startswith("chosen-") and key.endswith("-m1")]
    fields[chosen].set_value("  ")
    click(app, "save-edit-")
    assert "Prediction 1 is empty." in texts(app)
    {area.key: area for area in app.text_area}[chosen].set_value("When exactly do the maples turn?")
    click(app, "save-edit-")
    with read() as session:
        review = session.exec(select(PairReview)).one()
    assert review.answer == "approve"
    assert review.chosen is not None
    assert review.chosen["mining"]["predictions"][0]["text"] == "When exactly do the maples turn?"
    assert review.rejected is None
    assert button(app, "verdict-approve-")


def test_going_back_from_an_edit_saves_nothing(open_page: Open) -> None:
    a_run()
    person("ann", "annotator")
    app = click(open_page("pairs", "ann"), "verdict-edit-")
    click(app, "back-")
    assert button(app, "verdict-approve-")
    with read() as session:
        assert session.exec(select(PairReview)).all() == []


def test_a_queue_closed_while_a_case_is_open_is_named_when_the_answer_comes(open_page: Open) -> None:
    judge = person("judge", "annotator")
    queue = work.study(work.samples(2, split="test"), members=[judge])
    app = open_page("compare", "judge")
    work.set_queue_state(queue, "closed")
    click(app, "verdict-left-")
    assert any("closed" in text for text in texts(app))
    with read() as session:
        assert session.exec(select(Judgement)).all() == []


def test_a_click_is_one_transaction_that_writes_and_few_statements(open_page: Open) -> None:
    """20 people wait for each other's writes, and each statement is 0.1 to 0.3 ms of a click for everybody."""
    person("reviewer", "reviewer")
    a_run()
    app = open_page("pairs", "reviewer")
    click(app, "verdict-approve-")  # statements are built, once
    asked: list[str] = []
    event.listen(engine(), "before_cursor_execute", lambda *about: asked.append(about[2]))
    event.listen(engine(), "commit", lambda _: asked.append("COMMIT"))
    click(app, "verdict-reject-")
    assert asked.count("COMMIT") == 1
    assert len(asked) <= 32, "\n".join(asked)
    assert sum("role_grant" in statement for statement in asked) <= 8


def test_an_answer_stays_where_nothing_can_be_given_after_it(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    person("reviewer", "reviewer")
    a_run()
    app = open_page("pairs", "reviewer")

    def refused(**_about: object) -> None:
        raise ConflictError("Nothing is given out at this moment.")

    monkeypatch.setattr(answering, "claim_next", refused)
    monkeypatch.setattr(steps, "claim_next", refused)
    click(app, "verdict-approve-")
    assert "Nothing is given out at this moment." in "\n".join(texts(app))
    assert last_answer(PairReview)[0] == "approve"


def test_what_a_click_was_given_is_not_kept_for_later(open_page: Open) -> None:
    """Another tab answered it meanwhile: a rerun shows what is next then."""
    reviewer = person("reviewer", "reviewer")
    a_run()
    app = open_page("pairs", "reviewer")
    click(app, "verdict-approve-")
    shown = str(button(app, "verdict-approve-").key).removeprefix("verdict-approve-")  # type: ignore[attr-defined]
    save_pair_review(assignment_id=shown, user_id=reviewer, answer="reject")
    app.run()
    assert shown not in str(button(app, "verdict-approve-").key)  # type: ignore[attr-defined]


def test_two_queues_of_one_title_can_be_told_apart(open_page: Open) -> None:
    work.open_queues(work.finished_run(work.samples(1), name="one"), "Same title")
    work.open_queues(work.finished_run(work.samples(1, name="more"), name="two"), "Same title")
    person("ann", "annotator")
    app = open_page("pairs", "ann")
    assert app.selectbox[0].options == ["Same title (1)", "Same title (2)"]


def test_a_title_that_looks_like_a_counted_one_can_be_told_apart_too(open_page: Open) -> None:
    for n, title in enumerate(("Same", "Same", "Same (1)")):
        work.open_queues(work.finished_run(work.samples(1, name=f"d{n}"), name=f"r{n}"), title)
    person("ann", "annotator")
    assert open_page("pairs", "ann").selectbox[0].options == ["1. Same", "2. Same", "3. Same (1)"]


def two_queues() -> tuple[str, str]:
    runs = [work.finished_run(work.samples(2, name=name), name=name) for name in ("one", "two")]
    for run, title in zip(runs, ("First title", "Second title"), strict=True):
        work.open_queues(run, title)
    first, second = (work.queue_of(kind="pair", job_id=run) for run in runs)
    return first, second


def queue_of_answer() -> str:
    with read() as session:
        return session.exec(
            select(Queue.public_id)
            .join(QueueItem, col(QueueItem.queue_id) == Queue.id)
            .join(Assignment, col(Assignment.queue_item_id) == QueueItem.id)
            .join(PairReview, col(PairReview.assignment_id) == Assignment.id)
        ).one()


def test_the_queue_in_the_address_is_the_one_that_opens(open_page: Open) -> None:
    _first, second = two_queues()
    person("ann", "annotator")
    app = open_page("pairs", "ann", queue=second)
    assert app.selectbox[0].value == second
    click(app, "verdict-approve-")
    assert queue_of_answer() == second
    assert app.selectbox[0].value == second


def test_a_queue_chosen_at_the_top_replaces_the_one_in_the_address(open_page: Open) -> None:
    first, second = two_queues()
    person("ann", "annotator")
    app = open_page("pairs", "ann", queue=second)
    app.selectbox[0].set_value("First title")
    app.run()
    assert app.query_params["queue"] == first
    click(app, "verdict-approve-")
    assert queue_of_answer() == first


def test_an_address_of_a_closed_queue_says_so_and_offers_what_is_open(open_page: Open) -> None:
    first, second = two_queues()
    person("ann", "annotator")
    work.set_queue_state(second, "closed")
    app = open_page("pairs", "ann", queue=second)
    assert "closed or not yours" in app.toast[0].value
    assert "queue" not in app.query_params
    click(app, "verdict-approve-")
    assert queue_of_answer() == first


def without(*parts: str, rejected: bool = True) -> None:
    """The run's pairs as an ablation would have made them."""
    gone: dict[str, None] = dict.fromkeys((*parts, *(["category_reasoning"] if "category" in parts else [])))
    with write() as session:
        for pair in session.exec(select(PreferencePair)):
            pair.chosen = {**(pair.chosen or {}), **gone}
            pair.rejected = {**(pair.rejected or {}), **gone} if rejected else None
            session.add(pair)


@pytest.mark.parametrize(
    ("parts", "shown"),
    [
        (("tree", "category"), {"Mining: an existing topic", "Exploration: a new topic"}),
        (("exploration", "tree"), {"Category", "Mining: an existing topic"}),
    ],
)
def test_parts_that_a_pair_lacks_are_not_drawn(open_page: Open, parts: tuple[str, ...], shown: set[str]) -> None:
    person("reviewer", "reviewer")
    a_run()
    without(*parts)
    app = open_page("pairs", "reviewer")
    names = {"Intent tree", "Category", "Mining: an existing topic", "Exploration: a new topic"}
    assert {name for name in names if name.encode() in sent(app)} == shown
    click(app, "verdict-edit-")
    assert {area.label for area in app.text_area} >= {"Prediction 1", "Prediction 2", "Reasoning"}
    assert any(area.label.startswith("Reasoning for") for area in app.text_area) == ("category" not in parts)
    assert any(area.label == "Prediction 3" for area in app.text_area) == ("exploration" not in parts)
    click(app, "save-edit-")


def test_a_pair_made_without_revision_has_one_side(open_page: Open) -> None:
    person("reviewer", "reviewer")
    a_run()
    without(rejected=False)
    app = open_page("pairs", "reviewer")
    assert any("no rejected side" in text for text in texts(app))
    click(app, "verdict-approve-")
    assert last_answer(PairReview)[0] == "approve"


def imported(*rows: object, tmp_path: Path, name: str = "released") -> None:
    path = write_file(tmp_path / f"{name}.json", list(rows))
    import_now(ImportRequest(paths=(str(path),), dataset=name, public_title="Small talk"))


def test_an_imported_pair_is_shown_with_its_dialogue_and_approved(open_page: Open, tmp_path: Path) -> None:
    imported(preference("A weekend in Kyoto?"), tmp_path=tmp_path)
    person("ann", "annotator")
    app = open_page("pairs", "ann")
    assert "A weekend in Kyoto?" in texts(app)
    assert b"Prediction 1" in sent(app) and b"(worse)" in sent(app)
    assert b"released" not in sent(app)  # the dataset's own name is not for annotators
    click(app, "verdict-approve-")
    assert last_answer(PairReview) == ("approve", "")


def test_text_that_is_no_trace_is_shown_letter_by_letter_and_cannot_be_edited(open_page: Open, tmp_path: Path) -> None:
    said = "<think>**no** trace ```\n![x](http://remote.example/x.png)</think><predict>a</predict>"
    imported(preference("A weekend?", chosen=said), tmp_path=tmp_path)
    person("ann", "annotator")
    app = open_page("pairs", "ann")
    assert said in texts(app)
    assert not [b for b in app.button if b.key is not None and b.key.startswith("verdict-edit-")]
    click(app, "verdict-reject-")
    assert last_answer(PairReview) == ("reject", "")


def test_a_pair_without_a_rejected_side_says_so_and_its_chosen_side_can_be_edited(
    open_page: Open, tmp_path: Path
) -> None:
    imported(sft("A weekend?"), tmp_path=tmp_path)
    person("ann", "annotator")
    app = open_page("pairs", "ann")
    assert any("no rejected side" in text for text in texts(app))
    click(app, "verdict-edit-")
    fields = {area.key: area for area in app.text_area}
    assert fields and all(key and key.startswith("chosen-") for key in fields)
    [first] = [key for key in fields if key and key.endswith("-m1")]
    fields[first].set_value("Which temple first?")
    click(app, "save-edit-")
    with read() as session:
        review = session.exec(select(PairReview)).one()
    assert review.chosen is not None and review.rejected is None
