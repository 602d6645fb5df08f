"""Who may open which page: signed out nobody, signed in as section 7 of the design says."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from db.accounts.sessions import sign_out
from proutt_core.types import AccountRole
from tests.pages.conftest import PAGES, Open, words

ALLOWED: dict[str, set[AccountRole]] = {
    "home.py": {"annotator", "reviewer", "researcher", "admin"},
    "account.py": {"annotator", "reviewer", "researcher", "admin"},
    "pairs.py": {"annotator", "reviewer", "researcher", "admin"},
    "compare.py": {"annotator", "reviewer", "researcher", "admin"},
    "trees.py": {"reviewer", "researcher", "admin"},
    "datasets.py": {"researcher", "admin"},
    "synthesis.py": {"researcher", "admin"},
    "thresholds.py": {"researcher", "admin"},
    "studies.py": {"researcher", "admin"},
    "agreement.py": {"researcher", "admin"},
    "admin.py": {"admin"},
}
ROLES: tuple[AccountRole, ...] = ("annotator", "reviewer", "researcher", "admin")
SCREENS = sorted(path.name for path in PAGES.glob("[a-z]*.py") if path.name != "router.py")


def test_every_screen_has_its_line_here() -> None:
    assert set(SCREENS) == set(ALLOWED)


@pytest.mark.parametrize("file", SCREENS)
def test_signed_out_a_page_shows_nothing(open_page: Open, file: str) -> None:
    assert words(open_page(file)) == "You are signed out."


@pytest.mark.parametrize("file", SCREENS)
def test_signed_out_a_page_that_runs_without_the_router_shows_nothing(sqlite: str, file: str) -> None:
    page = AppTest.from_file(str(PAGES / file), default_timeout=30).run()
    assert not page.exception and words(page) == "You are signed out."


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("file", SCREENS)
def test_page_opens_for_its_roles_and_refuses_the_others(
    open_page: Open, sign_in_as: Callable[..., str], file: str, role: AccountRole
) -> None:
    sign_in_as("somebody", role)
    page = open_page(file)
    refused = [title.value for title in page.title] == ["Not for your account"]
    assert refused == (role not in ALLOWED[file])
    if refused:
        assert not page.button and f"You have: {role}." in words(page)


def test_session_that_ended_meanwhile_shows_nothing_at_the_next_click(
    open_page: Open, sign_in_as: Callable[..., str]
) -> None:
    token = sign_in_as("adm", "admin")
    page = open_page("admin.py")
    assert "Accounts" in [tab.label for tab in page.tabs]
    sign_out(token)
    assert words(page.run()) == "You are signed out."


def test_browser_session_that_changes_hands_keeps_nothing_of_the_first_person(
    open_page: Open, sign_in_as: Callable[..., str]
) -> None:
    sign_in_as("first", "annotator")
    page = open_page("home.py")
    page.session_state["draft"] = "what the first person typed"
    sign_in_as("second", "annotator")
    page.run()
    assert "draft" not in page.session_state
