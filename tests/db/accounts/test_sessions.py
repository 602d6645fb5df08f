"""Signing in and out, and slowing down who guesses, on both databases."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlmodel import select

import db.accounts.sessions
from db.accounts.sessions import SESSION_LASTS, SlowDown, sign_in, sign_out, user_of_token
from db.accounts.users import create_user
from db.columns import now
from db.engine import read, write
from db.tables import LoginFailure, LoginSession
from proutt_core.errors import NotAllowed

PASSWORD = "correct horse"
WRONG = "wrong horse"


@pytest.fixture
def ann(database: str) -> int:
    return create_user(name="ann", password=PASSWORD, roles=["annotator"]).id


class Clock:
    """The time as db.accounts.sessions sees it."""

    def __init__(self) -> None:
        self.offset = timedelta()

    def __call__(self) -> datetime:
        return now() + self.offset

    def forward(self, **much: float) -> None:
        self.offset += timedelta(**much)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    made = Clock()
    monkeypatch.setattr(db.accounts.sessions, "now", made)
    yield made


def fail(times: int, *, name: str = "ann", address: str = "here") -> None:
    for _ in range(times):
        with pytest.raises(NotAllowed, match="Name or password is wrong"):
            sign_in(name=name, password=WRONG, address=address)


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


def test_sixth_attempt_must_wait_longer_each_time_then_goes(ann: int, clock: Clock) -> None:
    fail(5)
    with pytest.raises(SlowDown, match="Wait") as first:
        sign_in(name="ann", password=PASSWORD, address="here")  # even with the right password
    assert 1 <= first.value.seconds <= 6
    clock.forward(seconds=6)
    fail(1)
    with pytest.raises(SlowDown) as second:
        sign_in(name="ann", password=PASSWORD, address="here")
    assert 6 < second.value.seconds <= 11
    clock.forward(seconds=11)
    assert user_of_token(sign_in(name="ann", password=PASSWORD, address="here")) is not None


def test_what_is_refused_for_haste_does_not_prolong_the_wait(ann: int, clock: Clock) -> None:
    fail(5)
    for _ in range(20):
        with pytest.raises(SlowDown):
            sign_in(name="ann", password=WRONG, address="here")
    clock.forward(seconds=6)
    assert sign_in(name="ann", password=PASSWORD, address="here")


def test_stranger_elsewhere_makes_the_owner_wait_a_minute_at_most(ann: int, clock: Clock) -> None:
    with write() as session:
        moment = now()
        session.add_all(LoginFailure(name="ann", address=f"far{i}", at=moment) for i in range(200))
    with pytest.raises(SlowDown) as caught:
        sign_in(name="ann", password=PASSWORD, address="home")
    assert caught.value.seconds <= 61
    clock.forward(seconds=61)
    assert sign_in(name="ann", password=PASSWORD, address="home")


def test_one_address_that_tries_many_names_is_slowed_down_too(ann: int) -> None:
    for i in range(10):
        fail(1, name=f"name{i}", address="there")
    with pytest.raises(SlowDown):
        sign_in(name="ann", password=PASSWORD, address="there")
    assert sign_in(name="ann", password=PASSWORD, address="elsewhere")


def test_unknown_names_are_slowed_down_like_known_ones(ann: int) -> None:
    fail(5, name="nobody")
    with pytest.raises(SlowDown):
        sign_in(name="nobody", password=WRONG, address="here")


def test_success_forgets_the_failures_of_this_person_at_this_place(ann: int) -> None:
    fail(4)
    sign_in(name="ann", password=PASSWORD, address="here")
    fail(4)
    assert sign_in(name="ann", password=PASSWORD, address="here")


def test_failure_that_lies_ahead_of_our_clock_makes_nobody_wait_by_itself(ann: int, clock: Clock) -> None:
    # Another server's clock is ahead, or an attempt that began later got to write first.
    clock.forward(seconds=30)
    fail(1)
    clock.forward(seconds=-30)
    assert sign_in(name="ann", password=PASSWORD, address="here")


def test_failures_are_forgotten_after_a_quarter_of_an_hour(ann: int, clock: Clock) -> None:
    fail(5)
    clock.forward(minutes=16)
    fail(1)
    with read() as session:
        assert len(session.exec(select(LoginFailure)).all()) == 1


def test_many_guesses_at_the_same_moment_cannot_slip_past_the_limit(ann: int) -> None:
    start, outcomes = threading.Barrier(12), []

    def guess() -> None:
        start.wait()
        try:
            sign_in(name="ann", password=WRONG, address="here")
        except SlowDown:
            outcomes.append("wait")
        except NotAllowed:
            outcomes.append("looked at")

    threads = [threading.Thread(target=guess) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("looked at") == 5 and outcomes.count("wait") == 7
