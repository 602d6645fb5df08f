"""A database that cannot be used: the page says what is wrong, and what was typed stays."""

import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlmodel import col, select
from streamlit.testing.v1 import AppTest

from db.engine import dispose, read
from db.health import ADVICE
from db.tables import PairReview
from tests.pages.test_work import a_run, button, click, open_page, person, texts

__all__ = ["open_page"]
COMMENT = "the wrong one says more than the right one"


@contextmanager
def locked(url: str) -> Iterator[None]:
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@contextmanager
def full(url: str) -> Iterator[None]:
    wal = Path(f"{url.removeprefix('sqlite:///')}-wal")
    before, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (wal.stat().st_size if wal.exists() else 0, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, most))


@contextmanager
def absent(url: str) -> Iterator[None]:
    path = Path(url.removeprefix("sqlite:///"))
    files = [Path(f"{path}{ending}") for ending in ("", "-wal", "-shm")]
    there = [file for file in files if file.exists()]
    for file in there:
        file.rename(file.with_name(f"{file.name}.away"))
    yield
    for file in there:
        file.with_name(f"{file.name}.away").rename(file)


STATES = {"locked": locked, "full": full, "absent": absent}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("db.engine.BUSY_TIMEOUT_MS", 50)
    dispose()
    yield


def reviews() -> list[tuple[str, str]]:
    with read() as session:
        return [(row.answer, row.comment) for row in session.exec(select(PairReview).order_by(col(PairReview.id)))]


def typed_comment(app: AppTest) -> str:
    (field,) = [field for field in app.text_input if str(field.key).startswith("comment-")]
    return str(field.value)


def on_the_page(app: AppTest) -> str:
    return "\n".join(texts(app) + [str(part.value) for part in app.markdown])


@pytest.mark.parametrize("state", STATES)
def test_an_answer_that_is_not_saved_is_told_with_the_cause_and_its_comment_stays(
    open_page: object, sqlite: str, impatient: None, state: str
) -> None:
    a_run()
    person("rev", "reviewer")
    app: AppTest = open_page("pairs", "rev")  # type: ignore[operator]
    (field,) = [field for field in app.text_input if str(field.key).startswith("comment-")]
    field.set_value(COMMENT)
    with STATES[state](sqlite):
        button(app, "verdict-approve").click()  # type: ignore[attr-defined]
        app.run()
        said = on_the_page(app)
        assert ADVICE[state].problem in said and "was not saved" in said  # type: ignore[index]
        assert ADVICE[state].remedy in said  # type: ignore[index]
        assert sqlite not in said and sqlite.removeprefix("sqlite:///") not in said
        # And again, the page drawn anew while it lasts.
        app.run()
    assert reviews() == []
    app.run()
    assert typed_comment(app) == COMMENT
    assert "cannot be used" not in on_the_page(app)
    click(app, "verdict-approve")
    assert reviews() == [("approve", COMMENT)]


@pytest.mark.parametrize("state", STATES)
def test_edited_texts_that_are_not_saved_stay_in_the_form(
    open_page: object, sqlite: str, impatient: None, state: str
) -> None:
    a_run()
    person("rev", "reviewer")
    app: AppTest = open_page("pairs", "rev")  # type: ignore[operator]
    click(app, "verdict-edit")
    field = next(area for area in app.text_area if str(area.key).startswith("chosen-"))
    key = field.key
    field.set_value("A reasoning of my own.")
    with STATES[state](sqlite):
        button(app, "save-edit-").click()  # type: ignore[attr-defined]
        app.run()
        assert ADVICE[state].problem in on_the_page(app)  # type: ignore[index]
        app.run()
    app.run()
    (again,) = [area for area in app.text_area if area.key == key]
    assert again.value == "A reasoning of my own."
    click(app, "save-edit-")
    assert [answer for answer, _ in reviews()] == ["approve"]
