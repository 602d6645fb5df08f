"""Calls of a model, for tests to change and store."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from db.engine import write
from db.jobs import calls
from db.jobs.items import ItemClaim
from proutt_core.types import Message
from proutt_core.types.calls import Call, Completion, Usage

CALL = Call(
    key="k",
    stage="insight",
    version=1,
    draw=0,
    messages=(Message(role="system", content="You read dialogues."), Message(role="user", content="What now?")),
    schema_name="Insight",
    schema='{"type":"object"}',
    model="m",
    answer=Completion(
        text="first",
        usage=Usage(prompt_tokens=10, completion_tokens=5),
        model="m-1",
        address="http://127.0.0.1:1/v1",
        latency_s=0.5,
    ),
)

# No field has its default.
FULL_CALL = Call(
    key="full",
    stage="insight",
    version=3,
    draw=2,
    messages=(Message(role="system", content="You read dialogues."), Message(role="user", content="你好 \ud800")),
    schema_name="Insight",
    schema='{"type":"object","required":["topics"]}',
    model="m",
    answer=Completion(
        text='{"topics": [',
        usage=Usage(prompt_tokens=10, cached_tokens=4, completion_tokens=5),
        model="m-1",
        provider="up",
        address="http://127.0.0.1:1/v1",
        reasoning="They asked for temples.",
        started_at=datetime(2026, 1, 2, 12, 0, 1, 250_000, tzinfo=UTC),
        latency_s=0.5,
        finish_reason="length",
        without_schema=True,
    ),
    problem="it was cut off",
    generation=7,
    from_cache=True,
    asked_at=datetime(2026, 1, 2, 12, 0, tzinfo=UTC),
    attempt=2,
)


def answered(call: Call, **changes: Any) -> Call:
    """The call with another answer."""
    return replace(call, answer=replace(call.answer, **changes))


def store_for_item(job_id: int, item_id: int, *new: Call) -> list[int]:
    """Store calls as those of an item of a run; returns their ids."""
    claim = ItemClaim(kind="synthesis", id=item_id, job_id=job_id, position=0, token="t", attempt=1)
    with write() as session:
        ids = calls.store(session, new)
        calls.link(session, [(call_id, claim, call) for call_id, call in zip(ids, new, strict=True)])
    return ids
