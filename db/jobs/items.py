"""The one mechanism that hands out work to workers: claims with a token and a lease on the items of a job.

Each kind of job that has items has a table of them, named in proutt_core/types/job_kinds.py; what these tables share is
`ClaimableItem`.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.accounts.events import record
from db.columns import now
from db.engine import read, write
from db.jobs.jobs import ACTIVE, set_state, subject_of
from db.tables import ClaimableItem, Job
from proutt_core.types.job_kinds import KINDS

ItemTable = type[ClaimableItem]
ITEMS_NAMED = 500
_BY_NAME: dict[str, ItemTable] = {str(table.__tablename__): table for table in ClaimableItem.__subclasses__()}
TABLES = {name: _BY_NAME[kind.items] for name, kind in KINDS.items() if kind.items is not None}


@dataclass(frozen=True)
class ItemClaim:
    """An item that is ours while the lease lasts. Of `sample_id` and `case_id` one is set, by the job's kind."""

    kind: str
    id: int
    job_id: int
    position: int
    token: str
    attempt: int
    sample_id: int | None = None
    case_id: int | None = None
    reading: str | None = None


@dataclass(frozen=True)
class ItemCounts:
    waiting: int = 0
    running: int = 0
    done: int = 0
    failed: int = 0

    @property
    def total(self) -> int:
        return self.waiting + self.running + self.done + self.failed

    @property
    def finished(self) -> int:
        return self.done + self.failed


@dataclass(frozen=True)
class Failure:
    """An item that could not be done, and why."""

    item_id: int
    position: int
    stage: str
    reason: str


def claim(*, job_id: int, n: int, lease_s: float) -> list[ItemClaim]:
    """The next free items of a job that may be worked on: first those whose lease ran out, then in the job's order."""
    with write() as session:
        job = session.exec(select(Job.kind, Job.state).where(Job.id == job_id)).one()
        if job[1] not in ACTIVE or n < 1:
            return []
        table = TABLES[job[0]]
        moment = now()
        stale = [col(table.state) == "running", col(table.lease_until) < moment]
        rows = _next_free(session, table, job_id, stale, n)
        if len(rows) < n:
            rows += _next_free(session, table, job_id, [col(table.state) == "waiting"], n - len(rows))
        for row in rows:
            row.state, row.attempt = "running", row.attempt + 1
            row.claim_token, row.lease_until = secrets.token_hex(8), moment + timedelta(seconds=lease_s)
        session.flush()
        return [_claim(job[0], row) for row in rows]


def _next_free(session: Session, table: ItemTable, job_id: int, free: list[Any], n: int) -> list[Any]:
    return list(
        session.exec(
            select(table)
            .where(col(table.job_id) == job_id, *free)
            .order_by(col(table.position), col(table.id))
            .limit(n)
            .with_for_update(skip_locked=True, key_share=True)
        )
    )


def _claim(kind: str, row: Any) -> ItemClaim:
    return ItemClaim(
        kind=kind,
        id=row.id,
        job_id=row.job_id,
        position=row.position,
        token=row.claim_token,
        attempt=row.attempt,
        sample_id=getattr(row, "sample_id", None),
        case_id=getattr(row, "case_id", None),
        reading=getattr(row, "reading", None),
    )


def renew(claims: Sequence[ItemClaim], *, lease_s: float) -> set[int]:
    """Hold these longer. Returns the ids that are still ours; the others were taken over when the lease ran out."""
    if not claims:
        return set()
    table = TABLES[claims[0].kind]
    with write() as session:
        held = session.exec(
            sa.update(table)
            .where(*_ours(table, claims))
            .values(lease_until=now() + timedelta(seconds=lease_s))
            .returning(col(table.id))
        )
        return {row[0] for row in held}


def release(claims: Sequence[ItemClaim]) -> None:
    """Give back what was not done; it is free at once and the attempt does not count."""
    if not claims:
        return
    table = TABLES[claims[0].kind]
    with write() as session:
        session.exec(
            sa.update(table)
            .where(*_ours(table, claims))
            .values(state="waiting", claim_token=None, lease_until=None, attempt=col(table.attempt) - 1)
        )


def _ours(table: ItemTable, claims: Sequence[ItemClaim]) -> list[Any]:
    return [
        col(table.id).in_([c.id for c in claims]),
        col(table.claim_token).in_([c.token for c in claims]),
        col(table.state) == "running",
    ]


def save(session: Session, claim: ItemClaim, **values: Any) -> bool:
    """The item is done, with these columns. False, and nothing changed, where somebody else holds it by now.

    Inside the caller's transaction: what belongs to the item is written only when this says True.
    """
    return _end(session, claim, state="done", failed_stage=None, error=None, **values)


def save_failure(session: Session, claim: ItemClaim, *, stage: str, error: str, **values: Any) -> bool:
    """The item could not be done, and why. False where somebody else holds it by now."""
    return _end(session, claim, state="failed", failed_stage=stage, error=error, **values)


def _end(session: Session, claim: ItemClaim, **values: Any) -> bool:
    table = TABLES[claim.kind]
    # On the connection: the session would look through its objects for what changes, and there are none.
    changed = session.connection().execute(
        sa.update(table)
        .where(*_ours(table, [claim]))
        .values(claim_token=None, lease_until=None, finished_at=now(), **values)
    )
    return changed.rowcount == 1


def finish_if_complete(
    job_id: int, *, completed: Callable[[Session, int], None] | None = None
) -> Literal["", "now", "before"]:
    """Whether the job is complete, and since when: when no item waits or runs it becomes done.

    `completed` is what follows from that, given the job's id: it happens in the same transaction.
    """
    with write() as session:
        job = session.get_one(Job, job_id, with_for_update={"key_share": True})
        if job.state == "done":
            return "before"
        if job.state not in ACTIVE or _unfinished(session, job):
            return ""
        set_state(job, "done")
        if completed is not None:
            completed(session, job_id)
        return "now"


def _unfinished(session: Session, job: Job) -> bool:
    table = TABLES[job.kind]
    where = [col(table.job_id) == job.id, col(table.state).in_(("waiting", "running"))]
    return session.exec(select(table.id).where(*where).limit(1)).first() is not None


def requeue(session: Session, job: Job) -> None:
    """After items were added, or on resume: a stopped job with something left goes back into the queue."""
    session.flush()
    if job.state not in ACTIVE and _unfinished(session, job):
        set_state(job, "queued")


def retry_failed(job_id: int, *, item_ids: Sequence[int] | None = None, user_id: int | None = None) -> int:
    """Free the failed items of a job, or those of them named, for another try and queue the job again. How many."""
    with write() as session:
        job = session.get_one(Job, job_id, with_for_update={"key_share": True})
        table = TABLES[job.kind]
        failed = [col(table.job_id) == job_id, col(table.state) == "failed"]
        freed = 0
        for only in _in_parts(table, item_ids):
            freed += session.exec(
                sa.update(table)
                .where(*failed, *only)
                .values(state="waiting", failed_stage=None, error=None, finished_at=None)
            ).rowcount
        record(session, user_id=user_id, kind="job.retry", subject=subject_of(job), detail={"items": freed})
        requeue(session, job)
        return freed


def _in_parts(table: ItemTable, item_ids: Sequence[int] | None) -> list[list[Any]]:
    """Conditions that name these items between them: a statement holds only so many values. None names all."""
    if item_ids is None:
        return [[]]
    return [[col(table.id).in_(item_ids[n : n + ITEMS_NAMED])] for n in range(0, len(item_ids), ITEMS_NAMED)]


def leased_now(job_id: int) -> bool:
    """Whether anybody works on the job at this moment."""
    with read() as session:
        table = TABLES[session.exec(select(Job.kind).where(Job.id == job_id)).one()]
        where = [col(table.job_id) == job_id, col(table.state) == "running", col(table.lease_until) >= now()]
        return session.exec(select(table.id).where(*where).limit(1)).first() is not None


def counts(job_id: int) -> ItemCounts:
    with read() as session:
        kind = session.exec(select(Job.kind).where(Job.id == job_id)).one()
        if kind not in TABLES:
            return ItemCounts()
        table = TABLES[kind]
        rows = session.exec(
            select(table.state, sa.func.count()).where(col(table.job_id) == job_id).group_by(col(table.state))
        )
        return ItemCounts(**dict(rows.all()))


def failures(job_id: int, *, limit: int | None = 100) -> list[Failure]:
    """The items that failed, in the job's order, with stage and reason; all of them with limit None."""
    with read() as session:
        table = TABLES[session.exec(select(Job.kind).where(Job.id == job_id)).one()]
        # The columns one by one: whole rows would read every item's results.
        rows: Any = session.exec(
            select(table.id, table.position, table.failed_stage, table.error)
            .where(col(table.job_id) == job_id, col(table.state) == "failed")
            .order_by(col(table.position))
            .limit(limit)
        )
        return [
            Failure(item_id=item_id, position=position, stage=stage or "", reason=error or "")
            for item_id, position, stage, error in rows
        ]
