"""Imports as jobs: single pieces, claimed whole under a lease, so that one process at a time fills a dataset."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from db.columns import now, row_id
from db.datasets.insert import NewColumns, insert
from db.engine import read, write
from db.jobs.jobs import ACTIVE, locked, set_state
from db.jobs.whole import take
from db.tables import Dataset, Job
from proutt_core.errors import ConflictError
from proutt_core.types.names import require_name


def queue_import(
    *, name: str, settings: dict[str, Any], created_by: int | None = None, claim_for_s: float | None = None
) -> tuple[int, str | None]:
    """The import of a dataset of this name: its job's id and, with `claim_for_s`, the claim.

    An import that failed or was cancelled may be started again with other settings; one that is under way may not.
    """
    with write() as session:
        job = locked(session, kind="import", name=name)
        if job is None:
            require_name(name, of="a dataset")
            job = Job(kind="import", name=name, settings=settings, created_by=created_by)
            session.add(job)
        elif job.state in ACTIVE and job.lease_until is not None and job.lease_until >= now():
            raise ConflictError(f'"{name}" is being imported at this moment')
        job.settings, job.progress, job.claim_token, job.lease_until = settings, 0, None, None
        set_state(job, "queued")
        if claim_for_s is not None:
            take(job, claim_for_s)
        session.flush()
        return row_id(job.id), job.claim_token


def attach_dataset(job_id: int, *, dataset_id: int) -> None:
    with write() as session:
        session.get_one(Job, job_id, with_for_update={"key_share": True}).dataset_id = dataset_id


# --- unfinished imports -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SoFar:
    """How far an import is: rows of the source that are done with, and the report on them."""

    rows: int
    report: dict[str, Any]


@dataclass(frozen=True)
class Unfinished:
    """A dataset whose import has not ended; with `rows` 0 there is nothing yet to resume from."""

    dataset_id: int
    name: str
    public_title: str
    format: str
    licence: str
    source: str
    state: str
    settings: dict[str, Any]
    so_far: SoFar
    created_at: datetime
    job_id: int | None
    job_state: str | None
    reason: str  # why it stopped, as far as somebody could say
    held: bool  # somebody is at it now


def append_batch(
    job_id: int,
    *,
    token: str,
    dataset_id: int,
    batch: Sequence[NewColumns],
    settle: Callable[[list[str | None]], SoFar],
) -> None:
    """Dialogues, and how far the import now is, in one transaction: what a kill leaves always belongs together.

    `settle` is called with what became of each dialogue, as `insert` returns it. ConflictError, and nothing stored,
    where somebody else has the import by now.
    """
    with write() as session:
        holder = session.exec(select(Job.claim_token).where(Job.id == job_id).with_for_update(key_share=True)).first()
        if holder != token:
            raise ConflictError("the import was removed or taken over while it ran; start it again")
        so_far = settle(insert(session, dataset_id, batch))
        session.exec(
            sa.update(Dataset).where(col(Dataset.id) == dataset_id).values(rows_read=so_far.rows, report=so_far.report)
        )


def rows_done(dataset_id: int) -> int:
    """Rows of the source that are done with; 0 where the dataset is gone."""
    with read() as session:
        return session.exec(select(Dataset.rows_read).where(Dataset.id == dataset_id)).first() or 0


def unfinished(name: str) -> Unfinished | None:
    return next(iter(_unfinished(Dataset.name == name)), None)


def list_unfinished() -> list[Unfinished]:
    """Newest first."""
    return _unfinished()


def _unfinished(*where: Any) -> list[Unfinished]:
    with read() as session:
        rows = session.exec(
            select(Dataset, Job)
            .join(Job, sa.and_(col(Job.name) == Dataset.name, col(Job.kind) == "import"), isouter=True)
            .where(Dataset.state != "ready", *where)
            .order_by(col(Dataset.id).desc())
        ).all()
        return [_of_rows(dataset, job) for dataset, job in rows]


def _of_rows(dataset: Dataset, job: Job | None) -> Unfinished:
    return Unfinished(
        dataset_id=row_id(dataset.id),
        name=dataset.name,
        public_title=dataset.public_title,
        format=dataset.format,
        licence=dataset.licence,
        source=dataset.source,
        state=dataset.state,
        settings=dataset.settings,
        so_far=SoFar(dataset.rows_read, dataset.report),
        created_at=dataset.created_at,
        job_id=None if job is None else job.id,
        job_state=None if job is None else job.state,
        reason="" if job is None else job.reason,
        held=job is not None and job.state in ACTIVE and job.lease_until is not None and job.lease_until >= now(),
    )
