"""Signing in and out, on both databases."""

import pytest
from sqlmodel import select

import db.accounts.sessions
from db.accounts.sessions import SESSION_LASTS, sign_in, sign_out, user_of_token
from db.accounts.users import create_user
from db.engine import read
from db.tables import LoginSession
from proutt_core.errors import NotAllowed
from tests.db.accounts.clock import Clock

PASSWORD = "correct horse"
WRONG = "wrong horse"


@pytest.fixture
def ann(database: str) -> int:
    return create_user(name="ann", password=PASSWORD, roles=["annotator"]).id


def test_token_tells_who_it_is_and_is_not_in_the_database(ann: int) -> None:
    token = sign_in(name=" Ann", password=PASSWORD, address="here")
    who = user_of_token(token)
    assert who is not None and (who.id, who.name, who.roles) == (ann, "ann", {"annotator"})
    assert who.has("annotator", "admin") and not who.has("admin")
    with read() as session:
        stored = session.exec(select(LoginSession.token_sha256)).one()
    assert token not in stored and len(stored) == 64


@pytest.mark.parametrize("token", [None, "", "x", "x" * 43, "x" * 5000, 7, object()])
def test_what_is_no_token_is_nobody(ann: int, token: object) -> None:
    assert user_of_token(token) is None


def test_session_ends_after_its_time(ann: int, clock: Clock) -> None:
    token = sign_in(name="ann", password=PASSWORD, address="here")
    clock.forward(days=SESSION_LASTS.days, seconds=-60)
    assert user_of_token(token) is not None
    clock.forward(seconds=120)
    assert user_of_token(token) is None


def test_sign_out_ends_this_session_only(ann: int) -> None:
    ended, other = (sign_in(name="ann", password=PASSWORD, address="here") for _ in range(2))
    sign_out(ended)
    sign_out(ended)
    sign_out("no such token at all, and no error")
    assert user_of_token(ended) is None and user_of_token(other) is not None


def test_signing_in_ends_the_browsers_older_session(ann: int) -> None:
    create_user(name="bob", password=PASSWORD, roles=["annotator"])
    old = sign_in(name="ann", password=PASSWORD, address="here")
    new = sign_in(name="bob", password=PASSWORD, address="here", old_token=old)
    who = user_of_token(new)
    assert user_of_token(old) is None and who is not None and who.name == "bob"


def test_failed_sign_in_leaves_the_older_session_alone(ann: int) -> None:
    old = sign_in(name="ann", password=PASSWORD, address="here")
    with pytest.raises(NotAllowed):
        sign_in(name="ann", password=WRONG, address="here", old_token=old)
    assert user_of_token(old) is not None


def test_unknown_name_and_wrong_password_get_the_same_answer_and_the_same_work(
    ann: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str | None] = []
    real = db.accounts.sessions.password_fits

    def counted(password: str, password_hash: str | None) -> bool:
        checked.append(password_hash)
        return real(password, password_hash)

    monkeypatch.setattr(db.accounts.sessions, "password_fits", counted)
    messages = []
    for name in ("ann", "nobody"):
        with pytest.raises(NotAllowed) as caught:
            sign_in(name=name, password=WRONG, address="here")
        messages.append(str(caught.value))
    assert messages[0] == messages[1]
    assert [value is None for value in checked] == [False, True]


def test_nobodys_password_cannot_be_guessed() -> None:
    assert not db.accounts.sessions.password_fits("nobody", None)
