"""The call log: every attempt a row. Cache, resume point and provenance at once."""

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from db.columns import now
from db.engine import read
from db.jobs.items import ItemClaim
from db.tables import ItemCall, LlmCall
from proutt_core.types.job_kinds import KINDS

KEYS_AT_ONCE = 500  # a statement holds only so many values
COMPRESSION = 3  # of what was asked; more costs time and saves little on texts of a few kB
ITEM_COLUMNS = {name: kind.item_call_column for name, kind in KINDS.items() if not kind.whole}
_CALLS = LlmCall.__table__  # type: ignore[attr-defined]
_INSERT = sa.insert(_CALLS).returning(_CALLS.c.id, sort_by_parameter_order=True)
_FOUND = [_CALLS.c.key.in_(sa.bindparam("keys", expanding=True)), _CALLS.c.valid.is_(True), ~_CALLS.c.superseded]
_ANSWERED = sa.select(_CALLS.c.key, _CALLS.c.generation).where(*_FOUND)
_VALID = sa.select(*(column for column in _CALLS.c if column.name != "request")).where(
    *_FOUND, _CALLS.c.generation == sa.bindparam("generation")
)


@dataclass(frozen=True)
class NewCall:
    """An attempt to store. `request` is what was asked: messages, schema, version, draw."""

    key: str
    stage: str
    valid: bool
    problem: str | None
    request: dict[str, Any]
    reply: str
    address: str
    model: str
    answered_by: str
    prompt_tokens: int | None
    cached_tokens: int | None
    completion_tokens: int | None
    latency_s: float
    provider: str = ""
    reasoning: str | None = None
    started_at: datetime | None = None
    generation: int = 0


@dataclass(frozen=True)
class NewLink:
    """That a call served an item's stage."""

    claim: ItemClaim
    stage: str
    attempt: int
    from_cache: bool
    asked_at: datetime | None = None


@dataclass(frozen=True)
class StoredCall:
    id: int
    key: str
    stage: str
    valid: bool
    superseded: bool
    problem: str | None
    reply: str
    address: str
    model: str
    answered_by: str
    prompt_tokens: int | None
    cached_tokens: int | None
    completion_tokens: int | None
    latency_s: float
    provider: str
    reasoning: str | None
    started_at: datetime | None  # when the answering request went out
    created_at: datetime


@dataclass(frozen=True)
class ServedCall:
    """A call as one item used it."""

    call: StoredCall
    attempt: int
    from_cache: bool
    asked_at: datetime | None = None  # when the stage asked; it may have waited for a place
    request: dict[str, Any] = field(default_factory=dict)


def load(key: str, *, generation: int = 0) -> StoredCall | None:
    """The valid reply of this key, if there is one."""
    return load_many([key], generation=generation).get(key)


def load_many(keys: Sequence[str], *, generation: int = 0) -> dict[str, StoredCall]:
    """The valid replies of these keys, where there are any."""
    found: dict[str, StoredCall] = {}
    with read() as session:
        for n in range(0, len(keys), KEYS_AT_ONCE):
            rows = session.connection().execute(_VALID, {"keys": keys[n : n + KEYS_AT_ONCE], "generation": generation})
            found |= {row.key: _stored(row) for row in rows}
    return found


def store(session: Session, new: Sequence[NewCall]) -> list[int]:
    """Store attempts. A second valid answer to one key is kept as superseded. Returns the calls' ids, in order."""
    rows = [_row(call) for call in new]
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


def _answered(session: Session, new: Sequence[NewCall]) -> set[tuple[str, int]]:
    keys = list({call.key for call in new if call.valid})
    found: set[tuple[str, int]] = set()
    for n in range(0, len(keys), KEYS_AT_ONCE):
        found |= {
            (key, gen) for key, gen in session.connection().execute(_ANSWERED, {"keys": keys[n : n + KEYS_AT_ONCE]})
        }
    return found


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


def _row(new: NewCall) -> dict[str, Any]:
    request = json.dumps(new.request, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return {
        "key": new.key,
        "generation": new.generation,
        "stage": new.stage,
        "valid": new.valid,
        "superseded": False,
        "problem": None if new.problem is None else storable(new.problem),
        "request": zlib.compress(request, COMPRESSION),
        "reply": storable(new.reply),
        "address": new.address,
        "model": new.model,
        "answered_by": storable(new.answered_by),
        "provider": storable(new.provider),
        "reasoning": None if new.reasoning is None else storable(new.reasoning),
        "prompt_tokens": new.prompt_tokens,
        "cached_tokens": new.cached_tokens,
        "completion_tokens": new.completion_tokens,
        "latency_s": new.latency_s,
        "started_at": new.started_at,
        "created_at": now(),
    }


def storable(text: str) -> str:
    """NUL and lone surrogates, which a garbage reply may hold and databases refuse, as replacement characters."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def link(session: Session, links: Sequence[tuple[int, NewLink]]) -> None:
    """Note which calls, by id, served which items."""
    columns = dict.fromkeys(ITEM_COLUMNS.values())
    rows = [
        columns
        | {
            ITEM_COLUMNS[new.claim.kind]: new.claim.id,
            "call_id": call_id,
            "stage": new.stage,
            "attempt": new.attempt,
            "from_cache": new.from_cache,
            "asked_at": new.asked_at,
        }
        for call_id, new in links
    ]
    if rows:
        session.connection().execute(sa.insert(ItemCall), rows)


def of_item(*, kind: str, item_id: int) -> list[ServedCall]:
    """Every call that served an item, in order, with what was asked."""
    column = getattr(ItemCall, ITEM_COLUMNS[kind])
    with read() as session:
        rows = session.exec(
            select(ItemCall, LlmCall)
            .join(LlmCall, col(LlmCall.id) == ItemCall.call_id)
            .where(column == item_id)
            .order_by(col(ItemCall.id))
        )
        return [
            ServedCall(
                call=_stored(call),
                attempt=served.attempt,
                from_cache=served.from_cache,
                asked_at=served.asked_at,
                request=json.loads(zlib.decompress(call.request).decode("utf-8", "surrogatepass")),
            )
            for served, call in rows
        ]


def _stored(row: Any) -> StoredCall:
    return StoredCall(
        id=row.id,
        key=row.key,
        stage=row.stage,
        valid=row.valid,
        superseded=row.superseded,
        problem=row.problem,
        reply=row.reply,
        address=row.address,
        model=row.model,
        answered_by=row.answered_by,
        prompt_tokens=row.prompt_tokens,
        cached_tokens=row.cached_tokens,
        completion_tokens=row.completion_tokens,
        latency_s=row.latency_s,
        provider=row.provider,
        reasoning=row.reasoning,
        started_at=row.started_at,
        created_at=row.created_at,
    )
