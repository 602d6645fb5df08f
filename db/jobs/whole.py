"""Whole jobs: those that one process does in one piece, claimed under a lease."""

import secrets
from datetime import timedelta
from typing import Literal

import sqlalchemy as sa
from sqlmodel import col, select

from db.columns import now
from db.engine import read, write
from db.jobs.jobs import ACTIVE, set_state
from db.tables import Job
from proutt_core.types.halts import Standstill


def claim_whole(job_id: int, *, lease_s: float) -> str | None:
    """Take a whole job: the claim's token, or None where somebody else has it or it stopped."""
    with write() as session:
        job = session.get_one(Job, job_id, with_for_update={"key_share": True})
        if job.state not in ACTIVE or (job.lease_until is not None and job.lease_until >= now()):
            return None
        take(job, lease_s)
        return job.claim_token


def take(job: Job, lease_s: float) -> None:
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


def end_whole(
    job_id: int,
    *,
    token: str,
    state: Literal["done", "failed", "queued", "cancelled"],
    standstill: Standstill | None = None,
) -> bool:
    """Give it back with its state; a job that was paused or cancelled meanwhile stays so. False where it was lost."""
    with write() as session:
        job = session.get_one(Job, job_id, with_for_update={"key_share": True})
        if job.claim_token != token:
            return False
        job.claim_token = job.lease_until = None
        if job.state in ACTIVE:
            set_state(job, state, standstill=standstill)
        return True


def holds(job_id: int, *, token: str) -> bool:
    """Whether this claim is still the last one made."""
    with read() as session:
        return session.exec(select(Job.claim_token).where(Job.id == job_id)).first() == token
