"""What a job's calls came to: counts, tokens and time by stage and by the model that answered."""

import functools
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from db.engine import read
from db.tables import JobUsage
from proutt_core.types.calls import Call


@dataclass(frozen=True)
class StageUsage:
    """Tokens are of the calls made, as the server counted them; `cached_tokens` are part of `prompt_tokens`."""

    stage: str
    answered_by: str = ""
    provider: str = ""
    calls: int = 0
    valid_calls: int = 0
    cached_calls: int = 0  # answered by the call log
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    unmetered_calls: int = 0  # answered without usage
    calls_without_schema: int = 0  # for the server refused it
    seconds: float = 0.0


KEYS = ("stage", "answered_by", "provider")
COUNTS = tuple(field.name for field in fields(StageUsage) if field.name not in KEYS)


def add(session: Session, *, job_id: int, process: str, usages: Iterable[StageUsage]) -> None:
    """Add what calls of one job came to to what this process has noted, in the transaction that stores the calls."""
    bind = session.connection()
    rows = [asdict(usage) | {"job_id": job_id, "process": process} for usage in _summed(usages)]
    bind.execute(_adding(bind.dialect.name), rows)


@functools.cache
def _adding(dialect: str) -> Any:
    insert: Any = postgresql.insert if dialect == "postgresql" else sqlite.insert
    table = JobUsage.__table__  # type: ignore[attr-defined]
    statement = insert(table)
    return statement.on_conflict_do_update(
        index_elements=["job_id", "process", *KEYS],
        set_={name: table.c[name] + statement.excluded[name] for name in COUNTS},
    )


def _summed(used: Iterable[StageUsage]) -> list[StageUsage]:
    """One for each stage, model and provider."""
    sums: dict[tuple[str, str, str], list[Any]] = {}
    for usage in used:
        counts = [getattr(usage, name) for name in COUNTS]
        key = (usage.stage, usage.answered_by, usage.provider)
        sums[key] = [a + b for a, b in zip(sums[key], counts, strict=True)] if key in sums else counts
    return [StageUsage(*key, *counts) for key, counts in sums.items()]


def of_call(call: Call) -> StageUsage:
    """What one call came to."""
    answer, tokens = call.answer, call.answer.usage
    keys = (call.stage, answer.model, answer.provider)
    if call.from_cache:
        return StageUsage(*keys, cached_calls=1)
    return StageUsage(
        *keys,
        calls=1,
        valid_calls=int(call.valid),
        prompt_tokens=tokens.prompt_tokens or 0,
        cached_tokens=tokens.cached_tokens or 0,
        completion_tokens=tokens.completion_tokens or 0,
        unmetered_calls=int(bool(answer.model) and tokens.prompt_tokens is None),
        calls_without_schema=int(answer.without_schema),
        seconds=answer.latency_s,
    )


def of_job(job_id: int) -> tuple[StageUsage, ...]:
    """By stage and answering model, over all processes."""
    keys = [getattr(JobUsage, name) for name in KEYS]
    sums = [sa.func.sum(col(getattr(JobUsage, name))) for name in COUNTS]
    with read() as session:
        rows = session.exec(
            select(*keys, *sums).where(JobUsage.job_id == job_id).group_by(*map(col, keys)).order_by(*map(col, keys))
        )
        return tuple(_usage(row) for row in rows)


def by_process(job_id: int) -> dict[str, StageUsage]:
    """What each process's calls came to, over all stages and models."""
    sums = [sa.func.sum(col(getattr(JobUsage, name))) for name in COUNTS]
    with read() as session:
        rows: Any = session.exec(
            select(JobUsage.process, *sums).where(JobUsage.job_id == job_id).group_by(col(JobUsage.process))
        )
        return {process: _usage(("", "", "", *counts)) for process, *counts in rows}


def _usage(row: Any) -> StageUsage:
    named: dict[str, Any] = dict(zip((*KEYS, *COUNTS), row, strict=True))
    seconds = float(named.pop("seconds"))
    values: dict[str, Any] = {name: value if name in KEYS else int(value) for name, value in named.items()}
    return StageUsage(**values, seconds=seconds)
