"""Imports as jobs: single pieces, claimed whole under a lease, so that one process at a time fills a dataset."""

import secrets
from datetime import timedelta
from typing import Any, Literal

import sqlalchemy as sa
from sqlmodel import col

from db.columns import now, row_id
from db.engine import write
from db.jobs import ACTIVE, locked, set_state
from db.models import Job
from proutt_core.errors import ConflictError


def queue_import(
    *, name: str, settings: dict[str, Any], created_by: int | None = None, claim_for_s: float | None = None
) -> tuple[int, str | None]:
    """The import of a dataset of this name: its job's id and, with `claim_for_s`, the claim.

    An import that failed or was cancelled may be started again with other settings; one that is under way may not.
    """
    with write() as session:
        job = locked(session, kind="import", name=name)
        if job is None:
            job = Job(kind="import", name=name, settings=settings, created_by=created_by)
            session.add(job)
        elif job.state in ACTIVE and job.lease_until is not None and job.lease_until >= now():
            raise ConflictError(f'"{name}" is being imported at this moment')
        job.settings, job.progress, job.claim_token, job.lease_until = settings, 0, None, None
        set_state(job, "queued")
        if claim_for_s is not None:
            _take(job, claim_for_s)
        session.flush()
        return row_id(job.id), job.claim_token


def claim_whole(job_id: int, *, lease_s: float) -> str | None:
    """Take a single-piece job: the claim's token, or None where somebody else has it or it stopped."""
    with write() as session:
        job = session.get_one(Job, job_id, with_for_update={"key_share": True})
        if job.state not in ACTIVE or (job.lease_until is not None and job.lease_until >= now()):
            return None
        _take(job, lease_s)
        return job.claim_token


def _take(job: Job, lease_s: float) -> None:
    job.claim_token, job.lease_until = secrets.token_hex(8), now() + timedelta(seconds=lease_s)
    job.state, job.started_at = "running", job.started_at or now()


def renew_whole(job_id: int, *, token: str, lease_s: float, progress: int) -> bool:
    """Hold it longer and note how far it is. False where it stopped or was taken over."""
    with write() as session:
        changed = session.exec(
            sa.update(Job)
            .where(col(Job.id) == job_id, col(Job.claim_token) == token, col(Job.state).in_(ACTIVE))
            .values(lease_until=now() + timedelta(seconds=lease_s), progress=progress)
        )
        return changed.rowcount == 1


def end_whole(job_id: int, *, token: str, state: Literal["done", "failed", "queued"], reason: str = "") -> bool:
    """Give it back with its state; a job that was paused or cancelled meanwhile stays so. False where it was lost."""
    with write() as session:
        job = session.get_one(Job, job_id, with_for_update={"key_share": True})
        if job.claim_token != token:
            return False
        job.claim_token = job.lease_until = None
        if job.state in ACTIVE:
            set_state(job, state, reason=reason)
        return True


def attach_dataset(job_id: int, *, dataset_id: int) -> None:
    with write() as session:
        session.get_one(Job, job_id, with_for_update={"key_share": True}).dataset_id = dataset_id
