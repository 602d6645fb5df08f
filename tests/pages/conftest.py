"""Pages under AppTest: a SQLite database, and a person whose cookie the pages see."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import pages._parts.who
from db.accounts.sessions import sign_in
from db.accounts.users import create_user, find_user
from proutt_core.types import AccountRole

PAGES = Path(__file__).resolve().parents[2] / "pages"
PASSWORD = "correct horse"
Open = Callable[..., AppTest]


@pytest.fixture
def sign_in_as(sqlite: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """`sign_in_as("ann", "annotator")`: the pages see this person's cookie from now on. Returns the token."""

    def as_(name: str, *roles: AccountRole) -> str:
        if find_user(name) is None:
            create_user(name=name, password=PASSWORD, roles=roles)
        token = sign_in(name=name, password=PASSWORD, address="test")
        monkeypatch.setattr(pages._parts.who, "session_token", lambda: token)
        return token

    return as_


@pytest.fixture
def open_page(sqlite: str) -> Open:
    """`open_page("admin.py")`: the page as the router draws it. Nobody is signed in unless `sign_in_as` was called."""

    def open_(file: str) -> AppTest:
        page = AppTest.from_file(str(PAGES / "router.py"), default_timeout=30).switch_page(file).run()
        assert not page.exception, page.exception
        return page

    return open_


def words(page: AppTest) -> str:
    """Everything a person could read in the page's own text, captions, headings, panes and labels of buttons."""
    parts = [*page.title, *page.subheader, *page.header, *page.text, *page.markdown, *page.caption, *page.warning]
    return "\n".join([str(part.value) for part in parts] + pane_texts(page) + [button.label for button in page.button])


def pane_texts(page: AppTest) -> list[str]:
    """Every text that stands in a pane, each as one string, its labels too."""
    panes = [json.loads(element.proto.json) for element in page.get("bidi_component") if "nodes" in element.proto.json]
    return [text for pane in panes for node in pane["nodes"] for text in _node_texts(node)]


def _node_texts(node: dict[str, Any]) -> list[str]:
    own = [node[name] for name in ("label", "text") if name in node]
    pieces = ["".join(piece for piece, _differs in node["pieces"])] if "pieces" in node else []
    return own + pieces + [text for inner in node.get("nodes", []) for text in _node_texts(inner)]
