"""People, their sessions, and the log of what they did."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from db.columns import one_of
from db.tables._fields import defaulted, json, time

# --- people -----------------------------------------------------------------------------------------------------------


class User(SQLModel, table=True):
    __table_args__ = (sa.UniqueConstraint("name"), one_of("kind", "expert", "skilled", "crowd"))
    id: int | None = Field(default=None, primary_key=True)
    name: str  # casefolded; what one signs in with
    password_hash: str  # argon2id
    kind: str = "skilled"
    languages: list[str] = json(list)
    active: bool = True
    created_at: datetime = time()


class RoleGrant(SQLModel, table=True):
    """A role somebody has or had. Kept after it is revoked: blinding asks who had which role since a study's freeze."""

    __tablename__ = "role_grant"
    __table_args__ = (
        one_of("role", "annotator", "reviewer", "researcher", "admin"),
        sa.Index(
            "uq_role_grant_held",
            "user_id",
            "role",
            unique=True,
            sqlite_where=sa.text("revoked_at IS NULL"),
            postgresql_where=sa.text("revoked_at IS NULL"),
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="user.id", index=True)
    role: str
    granted_at: datetime = time()
    revoked_at: datetime | None = time(False)


class LoginSession(SQLModel, table=True):
    __tablename__ = "login_session"
    __table_args__ = (sa.UniqueConstraint("token_sha256"),)
    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="user.id", index=True)
    token_sha256: str
    address: str = defaulted("", "''")  # where it began; empty once it no longer tells who is known there
    created_at: datetime = time()
    expires_at: datetime = time()
    revoked_at: datetime | None = time(False)


class LoginFailure(SQLModel, table=True):
    """Failed attempts of the last minutes, for slowing down (db/accounts/attempts.py); `address` is the place."""

    __tablename__ = "login_failure"
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(index=True)
    address: str = Field(index=True)
    at: datetime = time()


class EventRow(SQLModel, table=True):
    """Append-only: triggers refuse update and delete."""

    __tablename__ = "event"
    id: int | None = Field(default=None, primary_key=True)
    at: datetime = time()
    user_id: int | None = Field(default=None, foreign_key="user.id")
    kind: str = Field(index=True)
    subject: str = ""
    detail: dict[str, Any] = json()
