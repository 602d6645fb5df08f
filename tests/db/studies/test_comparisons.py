"""Comparisons: who is never given one, what a judge receives, and how a side becomes a method; on both databases."""

from datetime import timedelta

import pytest
from sqlmodel import col, select

from db.columns import now
from db.engine import read
from db.review.answers import save_pair_review, undo_last
from db.review.queues import claim_next, skip, waiting_for
from db.studies.comparisons import CompareTask, Side, compare_task, method_on, save_judgement
from db.tables import Assignment, EventRow, Judgement
from proutt_core.errors import NotAllowed
from tests.db import work

pytestmark = pytest.mark.usefixtures("database")


def claimed(queue: str, user: int) -> str:
    claim = claim_next(queue_public_id=queue, user_id=user)
    assert claim is not None
    return claim.assignment_id


def answers(assignment_id: str) -> list[str]:
    with read() as session:
        return list(
            session.exec(
                select(Judgement.answer)
                .join(Assignment, col(Assignment.id) == Judgement.assignment_id)
                .where(Assignment.public_id == assignment_id)
                .order_by(col(Judgement.revision))
            )
        )


def left_is(assignment_id: str) -> str:
    with read() as session:
        return session.exec(select(Assignment.left_is).where(Assignment.public_id == assignment_id)).one()


@pytest.mark.parametrize(
    ("side", "left", "verdict"),
    [
        ("left", "a", "a"),
        ("left", "b", "b"),
        ("right", "a", "b"),
        ("right", "b", "a"),
        ("tie", "a", "tie"),
        ("tie", "b", "tie"),
    ],
)
def test_a_side_is_stored_as_the_method_that_stood_there(side: Side, left: str, verdict: str) -> None:
    assert method_on(side, left_is=left) == verdict


def test_the_answer_names_the_method_whose_texts_were_on_the_side_chosen() -> None:
    judge = work.person("judge", "annotator")
    queue = work.study(work.samples(12, split="test"), members=[judge])
    seen = set()
    for _case in range(12):
        assignment = claimed(queue, judge)
        task = compare_task(assignment_id=assignment, user_id=judge)
        on_the_left = task.left[0][0].lower()  # texts of method a begin with A
        assert left_is(assignment) == on_the_left
        assert save_judgement(assignment_id=assignment, user_id=judge, side="left") == "counted"
        assert answers(assignment) == [on_the_left]
        seen.add(on_the_left)
    assert seen == {"a", "b"}  # wrong by chance once in 2,048 runs


def test_a_judge_receives_the_texts_and_nothing_else() -> None:
    judge = work.person("judge", "annotator")
    queue = work.study(work.samples(2, split="test"), members=[judge], marker="zebra")
    task = compare_task(assignment_id=claimed(queue, judge), user_id=judge)
    assert set(CompareTask.model_fields) == {
        "assignment_id",
        "context",
        "next_utterance",
        "left",
        "right",
    }
    assert (len(task.left), len(task.right)) == (4, 4)
    assert task.context == work.CONTEXT
    assert task.next_utterance is None
    assert "zebra" not in task.model_dump_json()


def test_the_next_utterance_is_shown_only_where_the_protocol_shows_it() -> None:
    judge = work.person("judge", "annotator")
    queue = work.study(work.samples(1, split="test"), members=[judge], evidence="context_and_next")
    assert compare_task(assignment_id=claimed(queue, judge), user_id=judge).next_utterance == work.NEXT


@pytest.mark.parametrize("role", ["researcher", "admin"])
def test_whoever_is_a_researcher_or_admin_is_never_given_a_case(role: str) -> None:
    user = work.person("both", "annotator", role)
    queue = work.study(work.samples(1, split="test"), members=[user])
    with pytest.raises(NotAllowed, match="another account"):
        claim_next(queue_public_id=queue, user_id=user)
    assert waiting_for(user) == []


def test_a_role_revoked_after_the_freeze_still_blinds_and_one_revoked_before_does_not() -> None:
    frozen = now() - timedelta(days=1)
    late, early = work.person("late", "annotator"), work.person("early", "annotator")
    work.give_role(late, "researcher", granted=frozen - timedelta(days=9), revoked=frozen + timedelta(minutes=1))
    work.give_role(early, "researcher", granted=frozen - timedelta(days=9), revoked=frozen - timedelta(minutes=1))
    queue = work.study(work.samples(1, split="test"), members=[late, early], frozen_at=frozen, people=2)
    with pytest.raises(NotAllowed):
        claim_next(queue_public_id=queue, user_id=late)
    assert claim_next(queue_public_id=queue, user_id=early) is not None


def test_a_judge_who_becomes_a_researcher_cannot_answer_the_case_held() -> None:
    judge = work.person("judge", "annotator")
    queue = work.study(work.samples(1, split="test"), members=[judge])
    assignment = claimed(queue, judge)
    work.give_role(judge, "researcher")
    with pytest.raises(NotAllowed):
        save_judgement(assignment_id=assignment, user_id=judge, side="tie")
    assert answers(assignment) == []


def test_only_members_judge_unless_the_queue_is_open_to_everyone() -> None:
    member, other = work.person("member", "annotator"), work.person("other", "annotator")
    sample_ids = work.samples(1, split="test")
    queue = work.study(sample_ids, members=[member])
    with pytest.raises(NotAllowed, match="do not take part"):
        claim_next(queue_public_id=queue, user_id=other)
    everyone = work.study(sample_ids, everyone=True, name="study-2")
    assert claim_next(queue_public_id=everyone, user_id=other) is not None


def test_whoever_edited_pairs_of_the_run_behind_a_method_is_not_given_its_cases() -> None:
    job_id = work.finished_run(work.samples(2), name="run-behind")
    work.open_queues(job_id)
    pairs = work.queue_of(kind="pair", job_id=job_id)
    editor, approver = work.person("editor", "annotator"), work.person("approver", "annotator")
    edited = work.trace(("When is the best week for maples?", "Is it crowded on Sundays?"))
    save_pair_review(assignment_id=claimed(pairs, editor), user_id=editor, answer="approve", chosen=edited)
    save_pair_review(assignment_id=claimed(pairs, approver), user_id=approver, answer="approve")
    test_samples = work.samples(1, split="test", name="held out")
    queue = work.study(test_samples, members=[editor, approver], people=2, runs=(None, "run-behind"))
    with pytest.raises(NotAllowed, match="edited pairs"):
        claim_next(queue_public_id=queue, user_id=editor)
    assert claim_next(queue_public_id=queue, user_id=approver) is not None
    unrelated = work.study(test_samples, members=[editor], name="study-2", runs=("another run", None))
    assert claim_next(queue_public_id=unrelated, user_id=editor) is not None


def test_a_double_click_and_a_second_tab_answer_once_and_never_the_next_case() -> None:
    judge = work.person("judge", "annotator")
    queue = work.study(work.samples(2, split="test"), members=[judge])
    first = claimed(queue, judge)
    outcomes = [save_judgement(assignment_id=first, user_id=judge, side=side) for side in ("left", "left", "right")]
    assert outcomes == ["counted", "already", "already"]
    assert len(answers(first)) == 1
    second = claimed(queue, judge)
    assert second != first
    assert answers(second) == []


def test_an_undone_answer_stays_on_record_and_the_case_comes_back_first() -> None:
    judge = work.person("judge", "annotator")
    queue = work.study(work.samples(3, split="test"), members=[judge])
    first = claimed(queue, judge)
    save_judgement(assignment_id=first, user_id=judge, side="tie")
    second = claimed(queue, judge)
    assert undo_last(queue_public_id=queue, user_id=judge)
    assert claimed(queue, judge) == first
    save_judgement(assignment_id=first, user_id=judge, side="left")
    assert answers(first) == ["tie", "withdrawn", left_is(first)]
    assert claimed(queue, judge) == second


def test_a_skip_can_be_undone_and_nothing_can_be_undone_twice() -> None:
    judge = work.person("judge", "annotator")
    queue = work.study(work.samples(2, split="test"), members=[judge])
    first = claimed(queue, judge)
    skip(assignment_id=first, user_id=judge)
    claimed(queue, judge)
    assert undo_last(queue_public_id=queue, user_id=judge)
    assert claimed(queue, judge) == first
    assert not undo_last(queue_public_id=queue, user_id=judge)


def test_the_event_log_tells_of_each_answer_but_not_which_method_won() -> None:
    judge = work.person("judge", "annotator")
    queue = work.study(work.samples(1, split="test"), members=[judge])
    save_judgement(assignment_id=claimed(queue, judge), user_id=judge, side="left")
    with read() as session:
        event = session.exec(select(EventRow).where(EventRow.user_id == judge)).one()
    assert (event.kind, event.detail) == ("answer", {"queue": queue, "outcome": "counted"})
