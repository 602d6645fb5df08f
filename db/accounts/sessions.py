"""Signing in and out. A session is a random token in the browser's cookie and its sha256 here."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.accounts.events import record
from db.accounts.passwords import password_fits
from db.accounts.users import LONGEST_NAME, normal_name, token_digest
from db.columns import now
from db.engine import read, write
from db.tables import LoginFailure, LoginSession, RoleGrant, User
from proutt_core.errors import NotAllowed
from proutt_core.types import AccountRole

SESSION_LASTS = timedelta(days=7)
WINDOW = timedelta(minutes=15)
LONGEST_ADDRESS = 64


@dataclass(frozen=True)
class SignedIn:
    """Who is at the other end, as of now."""

    id: int
    name: str
    roles: frozenset[AccountRole]
    languages: tuple[str, ...] = ()

    def has(self, *roles: AccountRole) -> bool:
        """Whether the person has at least one of them."""
        return not self.roles.isdisjoint(roles)


class SlowDown(NotAllowed):
    """Too many attempts; `seconds` until the next one is looked at."""

    def __init__(self, seconds: int) -> None:
        wait = f"{seconds} seconds" if seconds < 120 else f"{-(-seconds // 60)} minutes"
        super().__init__(f"Too many attempts. Wait {wait}, then try again.")
        self.seconds = seconds


@dataclass(frozen=True)
class _Limit:
    """From the `free`-th failure within the window on, each doubles the wait, up to `longest`."""

    free: int
    longest: timedelta

    def wait_until(self, failures: int, last: datetime) -> datetime | None:
        """None: no wait, also where the newest failure lies ahead of our own clock (several servers, a clock set)."""
        if failures < self.free:
            return None
        return last + min(timedelta(seconds=5 * 2 ** min(failures - self.free, 20)), self.longest)


# A stranger elsewhere can make the owner of a name wait a minute at most, never lock the account.
_SAME_NAME_AND_ADDRESS = _Limit(free=5, longest=WINDOW)
_SAME_NAME = _Limit(free=5, longest=timedelta(minutes=1))
_SAME_ADDRESS = _Limit(free=10, longest=WINDOW)


def sign_in(*, name: str, password: str, address: str, old_token: str | None = None) -> str:
    """A new session's token. `old_token`, the browser's session until now, ends: another tab cannot go on as before."""
    name, address = normal_name(name)[:LONGEST_NAME], address[:LONGEST_ADDRESS]
    attempt = _begin_attempt(name=name, address=address)
    with read() as session:
        user = session.exec(select(User).where(User.name == name, col(User.active).is_(True))).first()
    if not password_fits(password, user.password_hash if user else None) or user is None or user.id is None:
        raise NotAllowed("Name or password is wrong.")
    token = secrets.token_urlsafe(32)
    with write() as session:
        # Read again under the write lock: the account may have been switched off, or its password changed, meanwhile.
        current = session.get(User, user.id, with_for_update=True)
        if current is None or not current.active or current.password_hash != user.password_hash:
            raise NotAllowed("Name or password is wrong.")
        _forget_failures(session, name=name, address=address, attempt=attempt)
        if old_token:
            _revoke(session, old_token)
        session.add(LoginSession(user_id=user.id, token_sha256=token_digest(token), expires_at=now() + SESSION_LASTS))
        record(session, user_id=user.id, kind="sign_in", subject=name)
    return token


def user_of_token(token: object) -> SignedIn | None:
    """Who holds this token now, with the roles of now; asked on every rerun and in every callback."""
    if not isinstance(token, str) or not 20 <= len(token) <= 100:
        return None
    query = (
        select(User.id, User.name, User.languages, RoleGrant.role)
        .join(LoginSession, col(LoginSession.user_id) == User.id)
        .join(RoleGrant, sa.and_(col(RoleGrant.user_id) == User.id, col(RoleGrant.revoked_at).is_(None)), isouter=True)
        .where(
            LoginSession.token_sha256 == token_digest(token),
            col(LoginSession.revoked_at).is_(None),
            LoginSession.expires_at > now(),
            col(User.active).is_(True),
        )
    )
    with read() as session:
        rows = session.exec(query).all()
    if not rows:
        return None
    user_id, name, languages, _role = rows[0]
    assert user_id is not None
    roles = frozenset(cast(AccountRole, row[3]) for row in rows if row[3] is not None)
    return SignedIn(id=user_id, name=name, roles=roles, languages=tuple(languages))


def sign_out(token: str) -> None:
    """Ends the session; an unknown token is no error."""
    with write() as session:
        ended = _revoke(session, token)
        if ended is not None:
            record(session, user_id=ended, kind="sign_out")


def _revoke(session: Session, token: str) -> int | None:
    held = session.exec(
        select(LoginSession).where(
            LoginSession.token_sha256 == token_digest(token), col(LoginSession.revoked_at).is_(None)
        )
    ).first()
    if held is None:
        return None
    held.revoked_at = now()
    return held.user_id


def _begin_attempt(*, name: str, address: str) -> int:
    """Counts as a failure until the password proves right, so that many attempts at once cannot all slip through."""
    with write() as session:
        if session.get_bind().dialect.name == "postgresql":
            session.connection().exec_driver_sql("LOCK TABLE login_failure IN SHARE ROW EXCLUSIVE MODE")
        moment = now()
        session.exec(sa.delete(LoginFailure).where(col(LoginFailure.at) < moment - WINDOW))
        _refuse_if_too_many(session, name=name, address=address, moment=moment)
        attempt = LoginFailure(name=name, address=address, at=moment)
        session.add(attempt)
        session.flush()
        assert attempt.id is not None
        return attempt.id


def _refuse_if_too_many(session: Session, *, name: str, address: str, moment: datetime) -> None:
    same_name, same_address = col(LoginFailure.name) == name, col(LoginFailure.address) == address
    until = moment
    for limit, which in (
        (_SAME_NAME_AND_ADDRESS, sa.and_(same_name, same_address)),
        (_SAME_NAME, same_name),
        (_SAME_ADDRESS, same_address),
    ):
        failures, last = session.exec(select(sa.func.count(), sa.func.max(LoginFailure.at)).where(which)).one()
        if last is not None:
            until = max(until, limit.wait_until(failures, last) or moment)
    if until > moment:
        raise SlowDown(int((until - moment).total_seconds()) + 1)


def _forget_failures(session: Session, *, name: str, address: str, attempt: int) -> None:
    """Forgets the failures of this person at this place; what strangers tried elsewhere still counts against them."""
    session.exec(
        sa.delete(LoginFailure).where(
            sa.or_(
                col(LoginFailure.id) == attempt,
                sa.and_(col(LoginFailure.name) == name, col(LoginFailure.address) == address),
            )
        )
    )
