"""Accounts and roles. Roles that were taken away are kept: blinding asks who had which."""

import hashlib
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast, get_args

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from db.accounts.attempts import ACCOUNT_PAGE, begin, forget
from db.accounts.events import record
from db.accounts.passwords import hash_password, password_fits
from db.columns import now, row_id
from db.engine import read, write
from db.tables import LoginSession, RoleGrant, User
from proutt_core.errors import ConflictError, InputError, NotAllowed
from proutt_core.types import AccountRole

ROLES: tuple[AccountRole, ...] = get_args(AccountRole)
KINDS = ("expert", "skilled", "crowd")
LONGEST_NAME = 64


@dataclass(frozen=True)
class UserInfo:
    id: int
    name: str
    kind: str
    languages: tuple[str, ...]
    active: bool
    roles: frozenset[AccountRole]
    created_at: datetime
    last_sign_in: datetime | None


def normal_name(name: str) -> str:
    """What is stored and compared: two names that look the same are the same."""
    return unicodedata.normalize("NFKC", name).casefold().strip()


def create_user(
    *,
    name: str,
    password: str,
    roles: Collection[AccountRole],
    kind: str = "skilled",
    languages: Collection[str] = (),
    by: int | None = None,
) -> UserInfo:
    """A new account. `by`: who made it; None from the command line."""
    normal = _checked_name(name)
    if kind not in KINDS:
        raise InputError(f"{kind!r} is no kind of person; expected one of {', '.join(KINDS)}")
    checked_roles = _checked_roles(roles)
    user = User(name=normal, password_hash=hash_password(password, name=normal), kind=kind)
    user.languages = sorted(set(languages))
    try:
        with write() as session:
            session.add(user)
            session.flush()
            user_id = row_id(user.id)
            session.add_all(RoleGrant(user_id=user_id, role=role) for role in checked_roles)
            record(session, user_id=by, kind="user.create", subject=normal, detail={"roles": list(checked_roles)})
    except IntegrityError as exc:
        raise ConflictError(f"there is already an account named {normal}") from exc
    return get_user(user_id)


def _checked_name(name: str) -> str:
    normal = normal_name(name)
    if not 1 <= len(normal) <= LONGEST_NAME:
        raise InputError(f"an account's name has 1 to {LONGEST_NAME} characters, this one {len(normal)}")
    odd = [c for c in normal if not (c.isalnum() or c in "._-+@")]
    if odd:
        raise InputError(f"an account's name holds letters, digits and . _ - + @ only, not {odd[0]!r}")
    return normal


def _checked_roles(roles: Collection[AccountRole]) -> tuple[AccountRole, ...]:
    unknown = sorted(set(roles) - set(ROLES))
    if unknown:
        raise InputError(f"{unknown[0]!r} is no role; expected one of {', '.join(ROLES)}")
    if not roles:
        raise InputError(f"an account needs at least one role: {', '.join(ROLES)}")
    return tuple(role for role in ROLES if role in roles)


def list_users() -> list[UserInfo]:
    """Everybody, by name; accounts that were switched off too."""
    with read() as session:
        return _infos(session)


def get_user(user_id: int) -> UserInfo:
    with read() as session:
        users = _infos(session, col(User.id) == user_id)
    if not users:
        raise InputError(f"there is no account with the number {user_id}")
    return users[0]


def find_user(name: str) -> UserInfo | None:
    with read() as session:
        users = _infos(session, col(User.name) == normal_name(name))
    return users[0] if users else None


def _infos(session: Session, *where: sa.ColumnElement[bool]) -> list[UserInfo]:
    held: dict[int, set[AccountRole]] = {}
    for user_id, role in session.exec(
        select(RoleGrant.user_id, RoleGrant.role).where(col(RoleGrant.revoked_at).is_(None))
    ):
        held.setdefault(user_id, set()).add(cast(AccountRole, role))
    last = sa.func.max(LoginSession.created_at)
    seen = dict(session.exec(select(LoginSession.user_id, last).group_by(col(LoginSession.user_id))).all())
    users = session.exec(select(User).where(*where).order_by(col(User.name))).all()
    return [_info(user, held.get(row_id(user.id), set()), seen.get(row_id(user.id))) for user in users]


def _info(user: User, roles: Collection[AccountRole], last_sign_in: datetime | None) -> UserInfo:
    return UserInfo(
        id=row_id(user.id),
        name=user.name,
        kind=user.kind,
        languages=tuple(user.languages),
        active=user.active,
        roles=frozenset(roles),
        created_at=user.created_at,
        last_sign_in=last_sign_in,
    )


def set_roles(*, user_id: int, roles: Collection[AccountRole], by: int | None = None) -> UserInfo:
    """Grant what is missing, take away what is not named. Takes effect with the person's next click."""
    checked_roles = _checked_roles(roles)
    with write() as session:
        _lock_admins(session)
        user = _user(session, user_id)
        grants = session.exec(
            select(RoleGrant).where(RoleGrant.user_id == user_id, col(RoleGrant.revoked_at).is_(None))
        ).all()
        granted = [role for role in checked_roles if role not in {grant.role for grant in grants}]
        revoked = [grant for grant in grants if grant.role not in checked_roles]
        for grant in revoked:
            grant.revoked_at = now()
        session.add_all(RoleGrant(user_id=user_id, role=role) for role in granted)
        session.flush()
        _keep_an_admin(session)
        if granted or revoked:
            detail = {"granted": granted, "revoked": [grant.role for grant in revoked]}
            record(session, user_id=by, kind="user.roles", subject=user.name, detail=detail)
    return get_user(user_id)


def set_password(*, user_id: int, password: str, by: int | None = None) -> None:
    """Also ends every session of the account: whoever knew the old password is out."""
    new_hash = hash_password(password, name=get_user(user_id).name)
    with write() as session:
        user = _user(session, user_id)
        user.password_hash = new_hash
        _end_sessions(session, user_id)
        record(session, user_id=by, kind="user.password", subject=user.name)


def change_own_password(*, user_id: int, current: str, new: str, keep_session: str) -> None:
    """The person's other sessions end; `keep_session`, the token in use, goes on.

    Guesses of the present password are slowed down as sign-ins are (SlowDown); a wrong one raises NotAllowed.
    """
    with read() as session:
        name, stored = session.exec(select(User.name, User.password_hash).where(User.id == user_id)).one()
    attempt = begin(name=name, place=ACCOUNT_PAGE)
    if not password_fits(current, stored):
        raise NotAllowed("The present password is wrong; the password was not changed.")
    with write() as session:
        forget(session, name=name, place=ACCOUNT_PAGE, attempt=attempt)
    new_hash = hash_password(new, name=name)
    with write() as session:
        user = _user(session, user_id)
        if user.password_hash != stored:
            raise ConflictError("The password was changed meanwhile; sign in with the new one.")
        user.password_hash = new_hash
        _end_sessions(session, user_id, but=keep_session)
        record(session, user_id=user_id, kind="user.password", subject=user.name)


def deactivate(*, user_id: int, by: int | None = None) -> None:
    """The account stays with all that it did; nobody can sign in with it, and its sessions end."""
    with write() as session:
        _lock_admins(session)
        user = _user(session, user_id)
        user.active = False
        _end_sessions(session, user_id)
        session.flush()
        _keep_an_admin(session)
        record(session, user_id=by, kind="user.deactivate", subject=user.name)


def reactivate(*, user_id: int, by: int | None = None) -> None:
    with write() as session:
        user = _user(session, user_id)
        user.active = True
        record(session, user_id=by, kind="user.reactivate", subject=user.name)


def _user(session: Session, user_id: int) -> User:
    user = session.get(User, user_id, with_for_update=True)
    if user is None:
        raise InputError(f"there is no account with the number {user_id}")
    return user


def _end_sessions(session: Session, user_id: int, *, but: str = "") -> None:
    session.exec(
        sa.update(LoginSession)
        .where(
            col(LoginSession.user_id) == user_id,
            col(LoginSession.revoked_at).is_(None),
            col(LoginSession.token_sha256) != token_digest(but),
        )
        .values(revoked_at=now())
    )


def token_digest(token: str) -> str:
    """What the database keeps of a session's token: whoever reads the database cannot sign in with it."""
    return hashlib.sha256(token.encode()).hexdigest()


def _admin_grants() -> Any:
    return select(RoleGrant.id).where(RoleGrant.role == "admin", col(RoleGrant.revoked_at).is_(None))


def _lock_admins(session: Session) -> None:
    """Two admins who take each other's role at the same moment take turns (PostgreSQL; SQLite's writers always do)."""
    session.exec(_admin_grants().with_for_update()).all()


def _keep_an_admin(session: Session) -> None:
    active = _admin_grants().join(User, col(User.id) == RoleGrant.user_id).where(col(User.active).is_(True))
    any_grant = select(RoleGrant.id).where(RoleGrant.role == "admin").limit(1)
    if session.exec(any_grant).first() is not None and session.exec(active.limit(1)).first() is None:
        raise ConflictError("this is the last admin: make somebody else admin first")
