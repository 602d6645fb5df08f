"""How fast passwords can be guessed, and why nobody who types right is kept out for long.

Every attempt counts as a failure until its password proves right, so that many at once cannot slip through. Failures of
the last quarter of an hour make the next attempt wait, with the right password too (else waiting would tell which one
is right). What is refused for haste counts for nothing, and no wait is longer than a minute.

- **Of one name at one place** (an address, or a browser that this name signed in with): five are free, then 5 s, 10 s …
  a minute. Whoever mistypes slows down nobody else; a guesser there gets some 1,500 tries a day.
- **Of one name at all places**: twenty-five are free, more than one place can produce (a test holds that), so that no
  single stranger reaches it; then up to a minute. Many addresses together get some 3,000 tries a day at one name.
- **At one place, of all names**: a hundred are free, so that a class of forty behind one address may mistype as classes
  do; then up to ten seconds. An address gets some 11,000 tries a day, whatever names it tries: with passwords that are
  none of the easy ones (`passwords.py`), nothing.

The last two do not hold where the name is known: at an address where it signed in within ninety days, or in a browser
that kept the mark of an earlier sign-in of this name. So the owner of a name gets in whatever strangers do elsewhere,
and in the same browser also whatever others do at the same address. Left open: somebody at the same address who keeps
guessing makes a person who sits there with a new browser wait, up to a minute each time.

An IPv6 address stands for its /64, which is what one customer gets. Times ahead of our clock by more than a minute are
of a clock that was set back since, and are forgotten; less than that is another server's clock.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.columns import now, row_id
from db.engine import read, write
from db.tables import LoginFailure, LoginSession, User
from proutt_core.errors import NotAllowed

WINDOW = timedelta(minutes=15)
KNOWN_FOR = timedelta(days=90)
CLOCKS_DIFFER_BY = timedelta(minutes=1)
LONGEST_ADDRESS = 64


class SlowDown(NotAllowed):
    """Too many attempts; `seconds` until the next one is looked at."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too many attempts. Wait {seconds} seconds, then try again.")
        self.seconds = seconds


@dataclass(frozen=True)
class Place:
    """Where attempts come from. `key` is what failures are filed under; `known`: this name signed in from there."""

    key: str
    known: bool


# Only who is signed in gets there.
ACCOUNT_PAGE = Place("account page", known=True)


@dataclass(frozen=True)
class _Limit:
    """From the `free`-th failure within the window on, each doubles the wait, up to `longest`."""

    free: int
    longest: timedelta

    def wait(self, failures: int) -> timedelta:
        if failures < self.free:
            return timedelta()
        return min(timedelta(seconds=5 * 2 ** min(failures - self.free, 20)), self.longest)


_SAME_NAME_AND_PLACE = _Limit(free=5, longest=timedelta(minutes=1))
_SAME_NAME = _Limit(free=25, longest=timedelta(minutes=1))
_SAME_PLACE = _Limit(free=100, longest=timedelta(seconds=10))


def network_of(address: str) -> str:
    """What counts as one address; text that is none stands for itself."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address[:LONGEST_ADDRESS]
    return str(ip_network((parsed, 64), strict=False)) if isinstance(parsed, IPv6Address) else str(parsed)


def place_of(*, name: str, address: str, browser: str | None) -> Place:
    """`browser`: the digest of an earlier session's token, as the browser kept it."""
    network = network_of(address)
    query = (
        select(LoginSession.token_sha256)
        .join(User, col(User.id) == LoginSession.user_id)
        .where(
            User.name == name,
            LoginSession.created_at > now() - KNOWN_FOR,
            sa.or_(col(LoginSession.address) == network, col(LoginSession.token_sha256) == (browser or "")),
        )
    )
    with read() as session:
        digests = session.exec(query).all()
    if browser and browser in digests:
        return Place(f"browser {browser}", known=True)
    return Place(network, known=bool(digests))


def begin(*, name: str, place: Place) -> int:
    """The attempt's number, for `forget`; it counts as a failure until then. Raises SlowDown."""
    with read() as session:
        # Without the lock first: whoever hammers must not take turns from those who save answers.
        _refuse_haste(session, name=name, place=place, moment=now())
    with write() as session:
        if session.get_bind().dialect.name == "postgresql":
            session.connection().exec_driver_sql("LOCK TABLE login_failure IN SHARE ROW EXCLUSIVE MODE")
        moment = now()
        session.exec(sa.delete(LoginFailure).where(sa.not_(_counts(moment))))
        _refuse_haste(session, name=name, place=place, moment=moment)
        attempt = LoginFailure(name=name, address=place.key, at=moment)
        session.add(attempt)
        session.flush()
        return row_id(attempt.id)


def _counts(moment: datetime) -> sa.ColumnElement[bool]:
    return col(LoginFailure.at).between(moment - WINDOW, moment + CLOCKS_DIFFER_BY)


def _refuse_haste(session: Session, *, name: str, place: Place, moment: datetime) -> None:
    same_name, same_place = col(LoginFailure.name) == name, col(LoginFailure.address) == place.key
    limits = [(_SAME_NAME_AND_PLACE, sa.and_(same_name, same_place))]
    if not place.known:
        limits += [(_SAME_NAME, same_name), (_SAME_PLACE, same_place)]
    until = moment
    for limit, which in limits:
        newest = sa.func.max(LoginFailure.at)
        failures, last = session.exec(select(sa.func.count(), newest).where(which, _counts(moment))).one()
        if last is not None:
            until = max(until, min(last, moment) + limit.wait(failures))
    if until > moment:
        raise SlowDown(int((until - moment).total_seconds()) + 1)


def forget(session: Session, *, name: str, place: Place, attempt: int) -> None:
    """Its password was right: this person's failures at this place are forgotten; what strangers tried elsewhere still
    counts against them."""
    here = sa.and_(col(LoginFailure.name) == name, col(LoginFailure.address) == place.key)
    session.exec(sa.delete(LoginFailure).where(sa.or_(col(LoginFailure.id) == attempt, here)))
