"""What the tables of items have in common: db/jobs/items.py hands their rows out to workers."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from db.tables._fields import time


class ClaimableItem(SQLModel):
    id: int | None = Field(default=None, primary_key=True)
    job_id: int = Field(foreign_key="job.id")
    position: int  # in the job's order
    state: str = "waiting"
    failed_stage: str | None = None
    error: str | None = None
    claim_token: str | None = None
    attempt: int = 0
    lease_until: datetime | None = time(False)
    finished_at: datetime | None = time(False)
