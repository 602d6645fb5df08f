"""The append-only log: who did what, when."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.columns import now
from db.engine import read
from db.tables import EventRow, User


@dataclass(frozen=True)
class EventInfo:
    at: datetime
    user: str | None  # None: the command line or a worker
    kind: str
    subject: str
    detail: dict[str, Any]


_INSERT = sa.insert(EventRow)


def record(
    session: Session, *, user_id: int | None, kind: str, subject: str = "", detail: dict[str, Any] | None = None
) -> None:
    """Note it in the caller's transaction, so that the note and what it tells of are kept or lost together."""
    session.flush()  # what the note refers to
    row = {"at": now(), "user_id": user_id, "kind": kind, "subject": subject, "detail": detail or {}}
    session.connection().execute(_INSERT, row)


def recent(*, limit: int = 100, kinds: tuple[str, ...] = ()) -> list[EventInfo]:
    """The newest first."""
    query = (
        select(EventRow, User.name)
        .join(User, col(User.id) == EventRow.user_id, isouter=True)
        .order_by(col(EventRow.id).desc())
        .limit(limit)
    )
    if kinds:
        query = query.where(col(EventRow.kind).in_(kinds))
    with read() as session:
        return [
            EventInfo(at=row.at, user=name, kind=row.kind, subject=row.subject, detail=row.detail)
            for row, name in session.exec(query)
        ]
