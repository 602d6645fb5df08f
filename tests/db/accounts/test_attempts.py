"""Who guesses is slowed down; who types right gets in, whatever others do. On both databases."""

import threading
from collections.abc import Callable, Iterable
from datetime import timedelta
from itertools import count, cycle

import pytest
from sqlmodel import select

from db.accounts.attempts import KNOWN_FOR, Place, SlowDown, begin, network_of, place_of
from db.accounts.sessions import browser_mark, sign_in, sign_out, user_of_token
from db.accounts.users import change_own_password, create_user
from db.columns import now
from db.engine import read, write
from db.tables import LoginFailure, LoginSession
from proutt_core.errors import NotAllowed
from tests.db.accounts.clock import Clock

PASSWORD = "correct horse"
WRONG = "wrong horse"


@pytest.fixture
def ann(database: str) -> int:
    return create_user(name="ann", password=PASSWORD, roles=["annotator"]).id


def fail(times: int, *, name: str = "ann", address: str = "here") -> None:
    for _ in range(times):
        with pytest.raises(NotAllowed, match="Name or password is wrong"):
            sign_in(name=name, password=WRONG, address=address)


def guess(*, name: str = "ann", address: str = "here", browser: str | None = None) -> None:
    """A wrong password, without the time that looking at it takes. Raises SlowDown."""
    begin(name=name, place=place_of(name=name, address=address, browser=browser))


def guessed(*, name: str = "ann", address: str = "here", at_most: int = 10_000) -> int:
    """How many guesses are looked at before the first is refused."""
    for done in range(at_most):
        try:
            guess(name=name, address=address)
        except SlowDown:
            return done
    return at_most


# --- one name at one place --------------------------------------------------------------------------------------------


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


def test_no_wait_is_longer_than_a_minute(ann: int, clock: Clock) -> None:
    for _ in range(30):
        try:
            guess()
        except SlowDown as exc:
            assert 1 <= exc.seconds <= 61
            clock.forward(seconds=exc.seconds)


def test_what_is_refused_for_haste_does_not_prolong_the_wait(ann: int, clock: Clock) -> None:
    fail(5)
    for _ in range(20):
        with pytest.raises(SlowDown):
            sign_in(name="ann", password=WRONG, address="here")
    clock.forward(seconds=6)
    assert sign_in(name="ann", password=PASSWORD, address="here")


def test_unknown_names_are_slowed_down_like_known_ones(ann: int) -> None:
    fail(5, name="nobody")
    with pytest.raises(SlowDown):
        sign_in(name="nobody", password=WRONG, address="here")


def test_success_forgets_the_failures_of_this_person_at_this_place(ann: int) -> None:
    fail(4)
    sign_in(name="ann", password=PASSWORD, address="here")
    fail(4)
    assert sign_in(name="ann", password=PASSWORD, address="here")


def test_many_guesses_at_the_same_moment_cannot_slip_past_the_limit(ann: int) -> None:
    start, outcomes = threading.Barrier(12), []

    def one() -> None:
        start.wait()
        try:
            sign_in(name="ann", password=WRONG, address="here")
        except SlowDown:
            outcomes.append("wait")
        except NotAllowed:
            outcomes.append("looked at")

    threads = [threading.Thread(target=one) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("looked at") == 5 and outcomes.count("wait") == 7


# --- one address, many people -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("mistypes", [30, 80])
def test_class_of_forty_behind_one_address_mistypes_and_gets_in(ann: int, mistypes: int) -> None:
    class_of_forty = [f"person{i}" for i in range(39)] + ["ann"]
    for _, name in zip(range(mistypes), cycle(class_of_forty), strict=False):
        guess(name=name, address="lab")
    assert sign_in(name="ann", password=PASSWORD, address="lab")


def test_who_mistypes_slows_down_nobody_else_there(ann: int) -> None:
    assert guessed(name="bo", address="lab") == 5
    assert sign_in(name="ann", password=PASSWORD, address="lab")


def test_one_address_that_tries_many_names_is_slowed_down(ann: int, clock: Clock) -> None:
    for i in range(100):
        guess(name=f"name{i}", address="there")
    with pytest.raises(SlowDown) as caught:
        sign_in(name="ann", password=PASSWORD, address="there")
    assert caught.value.seconds <= 11
    assert sign_in(name="ann", password=PASSWORD, address="elsewhere")
    clock.forward(seconds=11)
    assert sign_in(name="ann", password=PASSWORD, address="there")


def test_who_is_known_at_an_address_gets_in_whatever_others_try_there(ann: int) -> None:
    sign_in(name="ann", password=PASSWORD, address="lab")
    for i in range(100):
        guess(name=f"name{i}", address="lab")
    with pytest.raises(SlowDown):
        guess(name="bo", address="lab")
    assert sign_in(name="ann", password=PASSWORD, address="lab")


# --- one name, many addresses -----------------------------------------------------------------------------------------


def test_stranger_elsewhere_never_makes_the_owner_wait_even_where_she_never_was(ann: int, clock: Clock) -> None:
    for fresh_address in range(40):
        guessed(address="far")
        assert place_of(name="ann", address=f"home{fresh_address}", browser=None).known is False
        guess(address=f"home{fresh_address}")  # looked at: with the right password it would be in
        with write() as session:  # it was right
            for row in session.exec(select(LoginFailure).where(LoginFailure.address == f"home{fresh_address}")):
                session.delete(row)
        clock.forward(seconds=61)


def test_strangers_everywhere_make_the_owner_wait_only_where_she_never_was(ann: int, clock: Clock) -> None:
    sign_in(name="ann", password=PASSWORD, address="home")
    with write() as session:
        moment = now()
        session.add_all(LoginFailure(name="ann", address=f"far{i}", at=moment) for i in range(200))
    assert sign_in(name="ann", password=PASSWORD, address="home")
    with pytest.raises(SlowDown) as caught:
        sign_in(name="ann", password=PASSWORD, address="hotel")
    assert caught.value.seconds <= 61
    clock.forward(seconds=61)
    assert sign_in(name="ann", password=PASSWORD, address="hotel")


def test_address_is_known_to_the_name_that_signed_in_there_and_for_its_time(ann: int, clock: Clock) -> None:
    create_user(name="bo", password=PASSWORD, roles=["annotator"])
    sign_in(name="ann", password=PASSWORD, address="home")
    assert place_of(name="ann", address="home", browser=None) == Place("home", known=True)
    assert not place_of(name="bo", address="home", browser=None).known
    assert not place_of(name="nobody", address="", browser=None).known
    clock.forward(days=KNOWN_FOR.days + 1)
    assert not place_of(name="ann", address="home", browser=None).known
    sign_in(name="ann", password=PASSWORD, address="office")
    with read() as session:
        assert session.exec(select(LoginSession.address).order_by(LoginSession.id)).all() == ["", "office"]  # type: ignore[arg-type]


# --- one browser ------------------------------------------------------------------------------------------------------


def test_browser_that_a_name_signed_in_with_is_a_place_of_its_own(ann: int) -> None:
    token = sign_in(name="ann", password=PASSWORD, address="lab")
    sign_out(token)
    assert guessed(address="lab") == 5  # somebody else there keeps guessing
    assert sign_in(name="ann", password=PASSWORD, address="lab", browser=browser_mark(token))
    assert guessed(address="hotel") == 5
    assert sign_in(name="ann", password=PASSWORD, address="hotel", browser=browser_mark(token))


def test_guesses_in_a_known_browser_are_slowed_down_too(ann: int) -> None:
    mark = browser_mark(sign_in(name="ann", password=PASSWORD, address="lab"))
    for _ in range(5):
        guess(browser=mark)
    with pytest.raises(SlowDown):
        sign_in(name="ann", password=PASSWORD, address="lab", browser=mark)


def test_mark_is_of_its_name_and_cannot_be_made_up_and_signs_nobody_in(ann: int) -> None:
    create_user(name="bo", password=PASSWORD, roles=["annotator"])
    mark = browser_mark(sign_in(name="bo", password=PASSWORD, address="lab"))
    for made_up in (mark, "0" * 64, "", "x" * 10_000):
        assert place_of(name="ann", address="home", browser=made_up) == Place("home", known=False)
    assert user_of_token(mark) is None


# --- how much guessing is possible ------------------------------------------------------------------------------------


def looked_at(clock: Clock, hours: float, next_guess: Callable[[], Iterable[tuple[str, str]]]) -> int:
    """Guesses as fast as the server allows, over this time; each round tries all that `next_guess` names."""
    end, done = clock() + timedelta(hours=hours), 0
    while clock() < end:
        waits = []
        for name, address in next_guess():
            try:
                begin(name=name, place=Place(address, known=False))
                done += 1
            except SlowDown as exc:
                waits.append(exc.seconds)
        clock.forward(seconds=min(waits, default=0))
    return done


def test_one_name_from_one_address_a_quarter_of_an_hour(sqlite: str, clock: Clock) -> None:
    # Fewer than what is free for one name at all places: one stranger cannot reach that.
    assert looked_at(clock, 0.25, lambda: [("ann", "far")]) < 25


def test_one_name_from_one_address(sqlite: str, clock: Clock) -> None:
    assert looked_at(clock, 3, lambda: [("ann", "far")]) <= 1_600 / 8


def test_one_name_from_any_number_of_addresses(sqlite: str, clock: Clock) -> None:
    fresh = count()
    assert looked_at(clock, 3, lambda: [("ann", f"far{next(fresh)}")]) <= 3_300 / 8


def test_any_number_of_names_from_one_address(sqlite: str, clock: Clock) -> None:
    fresh = count()
    assert looked_at(clock, 1, lambda: [(f"name{next(fresh)}", "far")]) <= 13_000 / 24


# --- addresses and clocks ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::7", "2001:db8:1:2::/64"),
        ("", ""),
        ("x" * 100, "x" * 64),
    ],
)
def test_what_counts_as_one_address(address: str, counted_as: str) -> None:
    assert network_of(address) == counted_as


def test_other_addresses_of_one_ipv6_network_are_no_fresh_start(ann: int) -> None:
    for i in range(5):
        guess(address=f"2001:db8::{i}")
    with pytest.raises(SlowDown):
        guess(address="2001:db8::ffff")
    assert guessed(address="2001:db8:0:1::1", at_most=1) == 1


def test_failure_that_lies_ahead_of_our_clock_makes_nobody_wait_by_itself(ann: int, clock: Clock) -> None:
    # Another server's clock is ahead, or an attempt that began later got to write first.
    clock.forward(seconds=30)
    fail(1)
    clock.forward(seconds=-30)
    assert sign_in(name="ann", password=PASSWORD, address="here")


@pytest.mark.parametrize("back", [{"minutes": 2}, {"hours": 3}, {"days": 400}])
def test_clock_set_back_locks_nobody_out(ann: int, clock: Clock, back: dict[str, float]) -> None:
    assert guessed() == 5
    clock.forward(**{unit: -much for unit, much in back.items()})
    assert sign_in(name="ann", password=PASSWORD, address="here")
    clock.forward(**back)
    assert sign_in(name="ann", password=PASSWORD, address="here")


def test_clock_set_back_a_little_is_waited_out(ann: int, clock: Clock) -> None:
    assert guessed() == 5
    clock.forward(seconds=-40)
    with pytest.raises(SlowDown) as caught:
        guess()
    assert caught.value.seconds <= 6
    clock.forward(seconds=46)
    guess()


def test_failures_are_forgotten_after_a_quarter_of_an_hour(ann: int, clock: Clock) -> None:
    fail(5)
    clock.forward(minutes=16)
    fail(1)
    with read() as session:
        assert len(session.exec(select(LoginFailure)).all()) == 1


# --- the present password on the account page -------------------------------------------------------------------------


def change(user_id: int, current: str, new: str = "another one") -> None:
    change_own_password(user_id=user_id, current=current, new=new, keep_session="")


def test_guesses_of_the_present_password_are_slowed_down(ann: int, clock: Clock) -> None:
    for _ in range(5):
        with pytest.raises(NotAllowed, match="present password is wrong"):
            change(ann, WRONG)
    with pytest.raises(SlowDown):
        change(ann, PASSWORD)
    assert sign_in(name="ann", password=PASSWORD, address="home")  # who has the browser does not keep the owner out
    clock.forward(seconds=6)
    change(ann, PASSWORD)
    assert sign_in(name="ann", password="another one", address="home")


def test_strangers_do_not_keep_anybody_from_changing_the_password(ann: int) -> None:
    with write() as session:
        moment = now()
        session.add_all(LoginFailure(name="ann", address=f"far{i}", at=moment) for i in range(200))
        session.add_all(LoginFailure(name=f"n{i}", address="account page", at=moment) for i in range(200))
    change(ann, PASSWORD)
