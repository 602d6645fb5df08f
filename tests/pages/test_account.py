"""Account: changing one's own password, and guessing it in somebody else's browser."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from db.accounts.sessions import sign_in, user_of_token
from tests.pages.conftest import PASSWORD, Open, words


def change(page: AppTest, current: str, new: str, again: str | None = None) -> str:
    for key, value in (("current", current), ("new", new), ("again", new if again is None else again)):
        page.text_input(key=key).set_value(value)
    next(button for button in page.button if button.label == "Change").click().run()
    assert not page.exception
    return words(page)


def test_new_password_is_the_one_that_signs_in(open_page: Open, sign_in_as: Callable[..., str]) -> None:
    token = sign_in_as("ann", "annotator")
    change(open_page("account.py"), PASSWORD, "another one")
    assert user_of_token(token) is not None
    assert user_of_token(sign_in(name="ann", password="another one", address="x")) is not None


@pytest.mark.parametrize(
    ("new", "again", "told"),
    [
        ("another one", "another two", "The two new passwords differ"),
        ("short", "short", "a password has 8 to 256 characters, this one 5"),
        ("ann-2026-ann", "ann-2026-ann", "too easy to guess (it is little more than the account's name"),
        ("password1", "password1", "too easy to guess (this is a very common password)"),
    ],
)
def test_password_that_cannot_be_is_told_why(
    open_page: Open, sign_in_as: Callable[..., str], new: str, again: str, told: str
) -> None:
    sign_in_as("ann", "annotator")
    assert told in change(open_page("account.py"), PASSWORD, new, again)
    assert sign_in(name="ann", password=PASSWORD, address="x")


def test_guesses_of_the_present_password_are_slowed_down(open_page: Open, sign_in_as: Callable[..., str]) -> None:
    sign_in_as("ann", "annotator")
    page = open_page("account.py")
    for _ in range(5):
        assert "The present password is wrong" in change(page, "a wild guess", "another one")
    assert "Too many attempts. Wait" in change(page, PASSWORD, "another one")
    assert sign_in(name="ann", password=PASSWORD, address="x")
