"""What a job's calls came to: counts, tokens and time by stage and by the model that answered."""

from dataclasses import astuple, dataclass, fields
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from db.engine import read
from db.models import JobUsage


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
    seconds: float = 0.0


KEYS = ("stage", "answered_by", "provider")
COUNTS = tuple(field.name for field in fields(StageUsage) if field.name not in KEYS)


def add(session: Session, *, job_id: int, process: str, usage: StageUsage) -> None:
    """Add to what this process has noted, in the transaction that stores the calls."""
    bind = session.connection()
    insert: Any = postgresql.insert if bind.dialect.name == "postgresql" else sqlite.insert
    names = [field.name for field in fields(StageUsage)]
    values = dict(zip(names, astuple(usage), strict=True)) | {"job_id": job_id, "process": process}
    statement = insert(JobUsage).values(values)
    table = JobUsage.__table__  # type: ignore[attr-defined]
    bind.execute(
        statement.on_conflict_do_update(
            index_elements=["job_id", "process", *KEYS],
            set_={name: table.c[name] + statement.excluded[name] for name in COUNTS},
        )
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


def _usage(row: Any) -> StageUsage:
    named = dict(zip((*KEYS, *COUNTS), row, strict=True))
    seconds = float(named.pop("seconds"))
    return StageUsage(**{name: value if name in KEYS else int(value) for name, value in named.items()}, seconds=seconds)
