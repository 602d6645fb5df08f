"""The call log: every attempt a row. Cache, resume point and provenance at once."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from db.engine import read
from db.jobs.call_rows import (
    ANSWER_COLUMNS,
    CALLS,
    LINKS,
    SERVED_COLUMNS,
    call_row,
    link_row,
    served_call,
    stored_answer,
)
from db.jobs.items import ItemClaim
from proutt_core.types.calls import Call, Completion
from proutt_core.types.job_kinds import KINDS

KEYS_AT_ONCE = 500  # a statement holds only so many values
ITEM_COLUMNS = {name: kind.item_call_column for name, kind in KINDS.items() if not kind.whole}
_INSERT = sa.insert(CALLS).returning(CALLS.c.id, sort_by_parameter_order=True)
_ANSWERING = [CALLS.c.key.in_(sa.bindparam("keys", expanding=True)), CALLS.c.valid.is_(True), ~CALLS.c.superseded]
_ANSWERED = sa.select(CALLS.c.key, CALLS.c.generation).where(*_ANSWERING)
_REPLIES = sa.select(CALLS.c.id, CALLS.c.key, *ANSWER_COLUMNS).where(
    *_ANSWERING, CALLS.c.generation == sa.bindparam("generation")
)


def load_many(keys: Sequence[str], *, generation: int = 0) -> dict[str, tuple[int, Completion]]:
    """The valid replies of these keys, where there are any, each with its call's id."""
    replies: dict[str, tuple[int, Completion]] = {}
    with read() as session:
        for n in range(0, len(keys), KEYS_AT_ONCE):
            some = {"keys": keys[n : n + KEYS_AT_ONCE], "generation": generation}
            rows = session.connection().execute(_REPLIES, some)
            replies |= {row.key: (row.id, stored_answer(row)) for row in rows}
    return replies


def store(session: Session, new: Sequence[Call]) -> list[int]:
    """Store attempts. A second valid answer to one key is kept as superseded. Returns the calls' ids, in order."""
    rows = [call_row(call) for call in new]
    answered = _answered(session, new)
    for call, row in zip(new, rows, strict=True):
        if call.valid:
            row["superseded"] = (call.key, call.generation) in answered
            answered.add((call.key, call.generation))
    try:
        with session.begin_nested():
            return _insert(session, rows)
    except IntegrityError:  # on PostgreSQL, another process answered one of the keys at the same moment
        return [_insert_one(session, row) for row in rows]


def _answered(session: Session, new: Sequence[Call]) -> set[tuple[str, int]]:
    keys = list({call.key for call in new if call.valid})
    answered: set[tuple[str, int]] = set()
    for n in range(0, len(keys), KEYS_AT_ONCE):
        rows = session.connection().execute(_ANSWERED, {"keys": keys[n : n + KEYS_AT_ONCE]})
        answered |= {(row.key, row.generation) for row in rows}
    return answered


def _insert(session: Session, rows: list[dict[str, Any]]) -> list[int]:
    return list(session.connection().execute(_INSERT, rows).scalars())


def _insert_one(session: Session, row: dict[str, Any]) -> int:
    try:
        with session.begin_nested():
            return _insert(session, [row])[0]
    except IntegrityError:
        if not row["valid"]:
            raise
        return _insert(session, [row | {"superseded": True}])[0]


def link(session: Session, links: Sequence[tuple[int, ItemClaim, Call]]) -> None:
    """Note which calls, by id, served which items."""
    no_item = dict.fromkeys(ITEM_COLUMNS.values())
    rows = [
        no_item | link_row(call) | {ITEM_COLUMNS[claim.kind]: claim.id, "call_id": call_id}
        for call_id, claim, call in links
    ]
    if rows:
        session.connection().execute(sa.insert(LINKS), rows)


def of_item(*, kind: str, item_id: int) -> list[Call]:
    """Every call that served an item, in order."""
    query = (
        sa.select(*SERVED_COLUMNS)
        .join_from(LINKS, CALLS, CALLS.c.id == LINKS.c.call_id)
        .where(LINKS.c[ITEM_COLUMNS[kind]] == item_id)
        .order_by(LINKS.c.id)
    )
    with read() as session:
        return [served_call(row) for row in session.connection().execute(query)]
