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

from db.columns import row_id
from db.engine import read
from db.items import TABLES, ItemClaim
from db.models import ItemCall, Job, LlmCall

ITEM_COLUMNS = {"synthesis": "synthesis_item_id", "predict": "prediction_id", "judge": "judge_verdict_id"}


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
    generation: int = 0


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
    created_at: datetime


@dataclass(frozen=True)
class ServedCall:
    """A call as one item used it."""

    call: StoredCall
    attempt: int
    from_cache: bool
    request: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class CallTotals:
    """Of a job's items: `calls` were made for it, `cached` were answered by the log. Tokens are of the calls made."""

    calls: int = 0
    cached: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0


def load(key: str, *, generation: int = 0) -> StoredCall | None:
    """The valid reply of this key, if there is one."""
    with read() as session:
        row = session.exec(
            select(LlmCall).where(
                LlmCall.key == key,
                LlmCall.generation == generation,
                col(LlmCall.valid).is_(True),
                col(LlmCall.superseded).is_(False),
            )
        ).one_or_none()
        return None if row is None else _stored(row)


def insert(session: Session, new: NewCall) -> int:
    """Store an attempt. A second valid answer to one key is kept as superseded. Returns the call's id."""
    values: dict[str, Any] = {
        "key": new.key,
        "generation": new.generation,
        "stage": new.stage,
        "valid": new.valid,
        "problem": None if new.problem is None else storable(new.problem),
        "request": zlib.compress(json.dumps(new.request, ensure_ascii=False).encode("utf-8", "surrogatepass"), 6),
        "reply": storable(new.reply),
        "address": new.address,
        "model": new.model,
        "answered_by": storable(new.answered_by),
        "prompt_tokens": new.prompt_tokens,
        "cached_tokens": new.cached_tokens,
        "completion_tokens": new.completion_tokens,
        "latency_s": new.latency_s,
    }
    try:
        with session.begin_nested():
            return _add(session, LlmCall(**values))
    except IntegrityError:
        if not new.valid:
            raise
        return _add(session, LlmCall(**values, superseded=True))


def storable(text: str) -> str:
    """NUL and lone surrogates, which a garbage reply may hold and databases refuse, as replacement characters."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def _add(session: Session, row: LlmCall) -> int:
    session.add(row)
    session.flush()
    return row_id(row.id)


def link(session: Session, claim: ItemClaim, *, call_id: int, stage: str, attempt: int, from_cache: bool) -> None:
    """Note that this call served that item."""
    item: dict[str, Any] = {ITEM_COLUMNS[claim.kind]: claim.id}
    session.add(ItemCall(call_id=call_id, stage=stage, attempt=attempt, from_cache=from_cache, **item))


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
                request=json.loads(zlib.decompress(call.request).decode("utf-8", "surrogatepass")),
            )
            for served, call in rows
        ]


def totals(job_id: int) -> CallTotals:
    """What a job cost so far."""
    with read() as session:
        kind = session.exec(select(Job.kind).where(Job.id == job_id)).one()
        if kind not in TABLES:
            return CallTotals()
        table, column = TABLES[kind], getattr(ItemCall, ITEM_COLUMNS[kind])
        rows: Sequence[Any] = session.exec(
            select(
                ItemCall.from_cache,
                sa.func.count(),
                sa.func.coalesce(sa.func.sum(col(LlmCall.prompt_tokens)), 0),
                sa.func.coalesce(sa.func.sum(col(LlmCall.completion_tokens)), 0),
            )
            .join(LlmCall, col(LlmCall.id) == ItemCall.call_id)
            .join(table, col(table.id) == column)
            .where(col(table.job_id) == job_id)
            .group_by(col(ItemCall.from_cache))
        ).all()
    made = next((row for row in rows if not row[0]), (False, 0, 0, 0))
    cached = next((row for row in rows if row[0]), (True, 0, 0, 0))
    return CallTotals(calls=made[1], cached=cached[1], prompt_tokens=int(made[2]), completion_tokens=int(made[3]))


def _stored(row: LlmCall) -> StoredCall:
    return StoredCall(
        id=row_id(row.id),
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
        created_at=row.created_at,
    )
