"""Writing a file on the page: what is offered, what a licence keeps back, and what was written before."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from db.accounts.sessions import sign_in
from db.accounts.users import create_user
from db.datasets.licences import set_redistributable
from db.engine import read, write
from db.tables import Dataset, Export, Job
from tests.db import work
from tests.dialogues.pairs.released_files import preference
from tests.dialogues.pairs.released_files import write as write_file

PAGES = Path(__file__).resolve().parents[2] / "pages"
PASSWORD = "correct horse battery"

Open = Callable[[str], AppTest]


@pytest.fixture
def open_page(sqlite: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Open:
    create_user(name="res", password=PASSWORD, roles=["researcher"])
    monkeypatch.chdir(tmp_path)  # the files are written under it

    def opened(page: str) -> AppTest:
        token = sign_in(name="res", password=PASSWORD, address="127.0.0.1")
        monkeypatch.setattr("pages._parts.who.session_token", lambda: token)
        app = AppTest.from_file(str(PAGES / "router.py"), default_timeout=60)
        app.run()
        app.switch_page(f"{page}.py")
        app.run()
        assert not app.exception
        return app

    return opened


def a_run(*, without: tuple[str, ...] = ()) -> int:
    made = work.finished_run(work.samples(3))
    with write() as session:
        job = session.get_one(Job, made)
        job.dataset_id = session.exec(select(Dataset.id)).one()
        job.settings = job.settings | ({"without": list(without)} if without else {})
    work.open_queues(made)
    return made


def box(app: AppTest, key: str) -> object:
    [match] = [
        widget for widget in (*app.selectbox, *app.checkbox, *app.text_input) if (widget.key or "").startswith(key)
    ]
    return match


def write_clean(app: AppTest) -> None:
    box(app, "status-run").set_value("clean")  # type: ignore[attr-defined]
    app.run()
    [button] = [b for b in app.button if (b.key or "").startswith("write-")]
    button.click()
    app.run()
    assert not app.exception


def exports() -> list[Export]:
    with read() as session:
        return list(session.exec(select(Export)).all())


def test_a_file_is_written_and_said_where(open_page: Open, tmp_path: Path) -> None:
    a_run()
    app = open_page("synthesis")
    write_clean(app)
    (made,) = exports()
    assert (made.rows, made.format) == (3, "trl")
    assert made.path in [text.value for text in app.text]
    assert Path(made.path).is_relative_to(tmp_path / "data" / "exports")
    assert any(expander.label == "1 export so far" for expander in app.expander)


def test_texts_stay_where_the_licence_forbids_it_unless_somebody_says_why(open_page: Open) -> None:
    a_run()
    set_redistributable(name="dialogues", redistributable=False, reason="read it")
    app = open_page("synthesis")
    assert box(app, "format-").options == ["ids and traces, no dialogues"]  # type: ignore[attr-defined]
    write_clean(app)
    (bare,) = exports()
    row = json.loads(Path(bare.path).read_text(encoding="utf-8").splitlines()[0])
    assert bare.format == "ids" and "prompt" not in row

    box(app, "with-texts-").check()  # type: ignore[attr-defined]
    app.run()
    write_clean(app)
    assert len(exports()) == 1
    assert any("say why" in text.value for text in app.text)
    box(app, "why-").set_value("agreed")  # type: ignore[attr-defined]
    app.run()
    write_clean(app)
    full = exports()[-1]
    assert (full.format, full.settings) == ("trl", {"with_texts": "agreed"})


def test_a_run_without_revision_offers_sft_only(open_page: Open) -> None:
    a_run(without=("revision",))
    assert box(open_page("synthesis"), "kind-").options == ["sft: chosen only"]  # type: ignore[attr-defined]


def test_a_dataset_of_pairs_has_a_box_of_its_own(open_page: Open, tmp_path: Path) -> None:
    from proutt_core.actions.importing import import_now
    from proutt_core.jobs.kinds.importing import ImportRequest

    path = write_file(tmp_path / "pref.json", [preference("Kyoto?")])
    import_now(ImportRequest(paths=(str(path),), dataset="released"))
    app = open_page("datasets")
    assert box(app, "status-dataset").options == ["approved by people"]  # type: ignore[attr-defined]
    assert {"Read as traces", "Kept as text"} <= {caption.value for caption in app.caption}
