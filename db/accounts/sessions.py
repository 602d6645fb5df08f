"""Signing in and out. A session is a random token in the browser's cookie and its sha256 here.

How guessing is slowed down: `attempts.py`.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.accounts.attempts import KNOWN_FOR, begin, forget, network_of, place_of
from db.accounts.events import record
from db.accounts.passwords import password_fits
from db.accounts.users import LONGEST_NAME, normal_name, token_digest
from db.columns import now
from db.engine import read, write
from db.tables import LoginSession, RoleGrant, User
from proutt_core.errors import NotAllowed
from proutt_core.types import AccountRole

SESSION_LASTS = timedelta(days=7)


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


def sign_in(*, name: str, password: str, address: str, old_token: str | None = None, browser: str | None = None) -> str:
    """A new session's token. `old_token`, the browser's session until now, ends: another tab cannot go on as before.
    `browser`: the mark that an earlier sign-in left there (`browser_mark`).

    Raises SlowDown before the password is looked at, NotAllowed where it is wrong.
    """
    name = normal_name(name)[:LONGEST_NAME]
    place = place_of(name=name, address=address, browser=browser)
    attempt = begin(name=name, place=place)
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
        forget(session, name=name, place=place, attempt=attempt)
        if old_token:
            _revoke(session, old_token)
        _add_session(session, user.id, token, address)
        record(session, user_id=user.id, kind="sign_in", subject=name)
    return token


def browser_mark(token: str) -> str:
    """What a browser keeps after its session: that this name signed in there. Nobody can sign in with it."""
    return token_digest(token)


def _add_session(session: Session, user_id: int, token: str, address: str) -> None:
    moment = now()
    session.exec(
        sa.update(LoginSession)
        .where(col(LoginSession.address) != "", col(LoginSession.created_at) < moment - KNOWN_FOR)
        .values(address="")
    )
    session.add(
        LoginSession(
            user_id=user_id,
            token_sha256=token_digest(token),
            address=network_of(address),
            created_at=moment,
            expires_at=moment + SESSION_LASTS,
        )
    )


# Built once: it is asked at every click of everybody.
_HOLDER = (
    sa.select(col(User.id), col(User.name), col(User.languages), col(RoleGrant.role))
    .join(LoginSession, col(LoginSession.user_id) == User.id)
    .join(RoleGrant, sa.and_(col(RoleGrant.user_id) == User.id, col(RoleGrant.revoked_at).is_(None)), isouter=True)
    .where(
        col(LoginSession.token_sha256) == sa.bindparam("digest"),
        col(LoginSession.revoked_at).is_(None),
        col(LoginSession.expires_at) > sa.bindparam("moment"),
        col(User.active).is_(True),
    )
)


def user_of_token(token: object) -> SignedIn | None:
    """Who holds this token now, with the roles of now; asked on every rerun and in every callback."""
    if not isinstance(token, str) or not 20 <= len(token) <= 100:
        return None
    with read() as session:
        rows = session.connection().execute(_HOLDER, {"digest": token_digest(token), "moment": now()}).all()
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
