"""Jobs, workers, calls of models, prices."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from db.columns import one_of, random_id
from db.tables._fields import defaulted, json, time
from proutt_core.types.halts import HALTS
from proutt_core.types.job_kinds import KINDS

# --- jobs -------------------------------------------------------------------------------------------------------------


class Job(SQLModel, table=True):
    """Long work. `settings` are frozen: the same name with other settings is refused.

    How many items and how many at a time are not settings.
    """

    __table_args__ = (
        sa.UniqueConstraint("kind", "name"),
        one_of("kind", *KINDS),
        one_of("state", "queued", "running", "paused", "cancelled", "done", "failed"),
        one_of("halt", "", *HALTS),
    )
    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(default_factory=random_id, unique=True)
    kind: str
    name: str
    dataset_id: int | None = Field(default=None, foreign_key="dataset.id")
    method_id: int | None = Field(default=None, foreign_key="method.id")
    study_id: int | None = Field(default=None, foreign_key="study.id")
    settings: dict[str, Any] = json()
    concurrency: int = 8
    max_calls: int | None = None  # the job pauses before it makes more; None: no limit
    max_cost: float | None = None  # in the currency of the model's price
    state: str = "queued"
    reason: str = ""  # why it stands still, in words
    halt: str = defaulted("", "''")  # and the cause; empty while it goes on, and once it is done
    created_by: int | None = Field(default=None, foreign_key="user.id")
    created_at: datetime = time()
    started_at: datetime | None = time(False)
    finished_at: datetime | None = time(False)
    # of whole jobs, which are claimed in one piece
    claim_token: str | None = None
    lease_until: datetime | None = time(False)
    progress: int = 0


class JobUsage(SQLModel, table=True):
    """What a job's calls came to: one row a process, stage and answering model, so that processes do not wait for each
    other; added to in the transaction that stores the calls."""

    __tablename__ = "job_usage"
    __table_args__ = (sa.UniqueConstraint("job_id", "process", "stage", "answered_by", "provider"),)
    id: int | None = Field(default=None, primary_key=True)
    job_id: int = Field(foreign_key="job.id")
    process: str  # random, one a process
    stage: str
    answered_by: str
    provider: str
    calls: int = 0  # made
    valid_calls: int = 0
    cached_calls: int = 0  # answered by the call log instead
    prompt_tokens: int = 0  # of the calls made; cached_tokens are part of them
    cached_tokens: int = 0
    completion_tokens: int = 0
    unmetered_calls: int = 0  # answered, but without usage from the server
    seconds: float = 0.0  # sum of latencies
    calls_without_schema: int = defaulted(0, "0")  # of those answered: the server refused it


class ModelPrice(SQLModel, table=True):
    """What a model costs from a day on: a run is billed at the newest price that is not after its start."""

    __tablename__ = "model_price"
    __table_args__ = (sa.UniqueConstraint("address", "model", "since"),)
    id: int | None = Field(default=None, primary_key=True)
    address: str  # base URL
    model: str
    since: date
    currency: str  # ISO 4217
    prompt: float  # a million tokens that the server did not have cached
    cached: float
    completion: float
    source: str = ""  # where this was read


class Worker(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    host: str
    pid: int
    version: str
    started_at: datetime = time()
    heartbeat_at: datetime = time()


class LlmCall(SQLModel, table=True):
    """Every attempt. Only a valid, not superseded reply answers later calls."""

    __tablename__ = "llm_call"
    __table_args__ = (
        sa.Index(
            "uq_llm_call_valid",
            "key",
            "generation",
            unique=True,
            sqlite_where=sa.text("valid = 1 AND superseded = 0"),
            postgresql_where=sa.text("valid AND NOT superseded"),
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(index=True)
    generation: int = 0
    stage: str
    valid: bool
    superseded: bool = False
    problem: str | None = None
    request: bytes  # zlib-compressed JSON of messages and schema
    reply: str
    address: str
    model: str  # asked for
    answered_by: str  # what the server says answered
    provider: str = defaulted("", "''")  # the upstream provider, where the server names one
    reasoning: str | None = None  # a reasoning model's thoughts, where the server sends them apart
    prompt_tokens: int | None = None
    cached_tokens: int | None = None
    completion_tokens: int | None = None
    latency_s: float = 0.0
    started_at: datetime | None = time(False)  # when the answering request went out
    created_at: datetime = time()


class ItemCall(SQLModel, table=True):
    """Which call served which item's stage; exactly one of the three item columns is set."""

    __tablename__ = "item_call"
    id: int | None = Field(default=None, primary_key=True)
    synthesis_item_id: int | None = Field(default=None, foreign_key="synthesis_item.id", index=True)
    prediction_id: int | None = Field(default=None, foreign_key="prediction.id", index=True)
    judge_verdict_id: int | None = Field(default=None, foreign_key="judge_verdict.id", index=True)
    stage: str
    attempt: int = 1
    call_id: int = Field(foreign_key="llm_call.id", index=True)
    from_cache: bool = False
    asked_at: datetime | None = time(False)  # when the stage asked; it may have waited for a slot
