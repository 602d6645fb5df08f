"""How far the jobs are: counts of many at once, and how fast one moves."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import col, select

from db.columns import now
from db.engine import read
from db.jobs.items import TABLES, ItemCounts
from db.tables import Job
from proutt_core.types.job_kinds import JobKind


@dataclass(frozen=True)
class Lately:
    """Items that ended within a stretch of time up to `at`; `first` is when the first of them did."""

    ended: int
    first: datetime | None
    at: datetime


def counts_by_job(kind: JobKind) -> dict[int, ItemCounts]:
    """The counts of every job of this kind that has items."""
    table = TABLES[kind]
    counts: dict[int, dict[str, int]] = {}
    with read() as session:
        rows = session.exec(
            select(table.job_id, table.state, sa.func.count()).group_by(col(table.job_id), col(table.state))
        )
        for job_id, state, n in rows:
            counts.setdefault(job_id, {})[state] = n
    return {job_id: ItemCounts(**states) for job_id, states in counts.items()}


def ended_lately(job_id: int, *, within_s: float) -> Lately:
    at = now()
    with read() as session:
        table = TABLES[session.exec(select(Job.kind).where(Job.id == job_id)).one()]
        ended, first = session.exec(
            select(sa.func.count(), sa.func.min(col(table.finished_at))).where(
                col(table.job_id) == job_id, col(table.finished_at) >= at - timedelta(seconds=within_s)
            )
        ).one()
    return Lately(ended=ended, first=first, at=at)
