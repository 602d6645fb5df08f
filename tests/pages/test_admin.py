"""Admin: accounts are made, changed and switched off by a click, and never the last admin."""

import re
from collections.abc import Callable

from db.accounts.events import recent
from db.accounts.sessions import sign_in, user_of_token
from db.accounts.users import create_user, find_user, set_roles
from tests.pages.conftest import PASSWORD, Open, words


def test_new_account_gets_a_password_that_is_shown_once_and_works(
    open_page: Open, sign_in_as: Callable[..., str]
) -> None:
    sign_in_as("adm", "admin")
    page = open_page("admin.py")
    page.text_input(key="new_name").set_value("Bob")
    page.multiselect(key="new_roles").set_value(["annotator", "reviewer"])
    next(button for button in page.button if button.label == "Create").click()
    page.run()
    assert not page.exception
    (password,) = [code.value for code in page.code]
    assert re.fullmatch(r"([a-z2-9]{4}-){3}[a-z2-9]{4}", password)
    who = user_of_token(sign_in(name="bob", password=password, address="x"))
    assert who is not None and who.roles == {"annotator", "reviewer"}
    assert password not in str(recent())
    page.run()
    assert not page.code


def test_name_that_is_taken_is_said_and_nothing_is_made(open_page: Open, sign_in_as: Callable[..., str]) -> None:
    sign_in_as("adm", "admin")
    page = open_page("admin.py")
    page.text_input(key="new_name").set_value("adm")
    page.multiselect(key="new_roles").set_value(["annotator"])
    next(button for button in page.button if button.label == "Create").click()
    page.run()
    assert "already an account named adm" in words(page) and not page.code


def test_roles_change_with_a_click_and_the_last_admin_stays(open_page: Open, sign_in_as: Callable[..., str]) -> None:
    sign_in_as("adm", "admin")
    ann = create_user(name="ann", password=PASSWORD, roles=["annotator"])
    page = open_page("admin.py")
    page.multiselect(key=f"roles_{ann.name}").set_value(["annotator", "reviewer"]).run()
    assert (account := find_user("ann")) is not None and account.roles == {"annotator", "reviewer"}
    me = find_user("adm")
    assert me is not None
    page.multiselect(key=f"roles_{me.name}").set_value(["annotator"]).run()
    assert "last admin" in words(page)
    assert page.multiselect(key=f"roles_{me.name}").value == ["admin"]  # the screen shows what is true
    assert (again := find_user("adm")) is not None and again.roles == {"admin"}


def test_switching_off_and_new_password_end_the_sessions_of_the_account(
    open_page: Open, sign_in_as: Callable[..., str]
) -> None:
    ann = create_user(name="ann", password=PASSWORD, roles=["annotator"])
    sign_in_as("adm", "admin")
    page = open_page("admin.py")
    token = sign_in(name="ann", password=PASSWORD, address="x")
    page.button(key=f"reset_{ann.name}").click().run()
    (password,) = [code.value for code in page.code]
    assert user_of_token(token) is None
    token = sign_in(name="ann", password=password, address="x")
    page.button(key=f"active_{ann.name}").click().run()
    assert user_of_token(token) is None
    assert page.button(key=f"active_{ann.name}").label == "Switch on"


def test_admin_whose_role_was_taken_meanwhile_changes_nothing(open_page: Open, sign_in_as: Callable[..., str]) -> None:
    create_user(name="boss", password=PASSWORD, roles=["admin"])
    ann = create_user(name="ann", password=PASSWORD, roles=["annotator"])
    sign_in_as("adm", "admin")
    page = open_page("admin.py")
    me = find_user("adm")
    assert me is not None
    set_roles(user_id=me.id, roles=["annotator"])
    page.button(key=f"active_{ann.name}").click().run()
    assert (account := find_user("ann")) is not None and account.active
    assert "Not for your account" in words(page)


def test_own_password_is_changed_on_the_account_page(open_page: Open, sign_in_as: Callable[..., str]) -> None:
    token = sign_in_as("ann", "annotator")
    page = open_page("account.py")
    assert "Signed in as ann" in words(page)

    def change(current: str, new: str, again: str) -> None:
        page.text_input(key="current").set_value(current)
        page.text_input(key="new").set_value(new)
        page.text_input(key="again").set_value(again)
        page.button[0].click().run()

    change(PASSWORD, "another one", "another two")
    assert "differ" in words(page)
    change("not my password", "another one", "another one")
    assert "present password is wrong" in words(page)
    change(PASSWORD, "another one", "another one")
    assert not page.exception and user_of_token(token) is not None
    assert sign_in(name="ann", password="another one", address="x")
