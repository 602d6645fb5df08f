"""Methods and predictions, studies and judges' verdicts."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from db.columns import one_of, random_id
from db.tables._fields import json, time
from db.tables._items import ClaimableItem

# --- methods, studies, judges -----------------------------------------------------------------------------------------


class Method(SQLModel, table=True):
    """Anything that predicts next utterances. Immutable: other settings are another method."""

    __table_args__ = (sa.UniqueConstraint("name"),)
    id: int | None = Field(default=None, primary_key=True)
    name: str
    family: str
    seed: int | None = None
    settings: dict[str, Any] = json()
    created_at: datetime = time()


class PredictionRow(ClaimableItem, table=True):
    __tablename__ = "prediction"
    __table_args__ = (
        sa.UniqueConstraint("method_id", "sample_id"),
        one_of("state", "waiting", "running", "done", "failed"),
        sa.Index("ix_prediction_claim", "job_id", "state", "position"),
    )
    method_id: int = Field(foreign_key="method.id")
    sample_id: int = Field(foreign_key="sample.id", index=True)
    utterances: list[str] = json(list)  # four when done; two of an ablation of one view
    reasoning: str | None = None
    raw: str | None = None


class Study(SQLModel, table=True):
    __table_args__ = (
        sa.UniqueConstraint("name"),
        sa.CheckConstraint("method_a_id <> method_b_id", name="two_methods"),
        one_of("state", "draft", "open", "closed"),
    )
    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(default_factory=random_id, unique=True)
    name: str
    public_title: str
    dataset_id: int = Field(foreign_key="dataset.id")
    method_a_id: int = Field(foreign_key="method.id")
    method_b_id: int = Field(foreign_key="method.id")
    state: str = "draft"
    protocol: dict[str, Any] = json()
    protocol_sha256: str = ""
    frozen_at: datetime = time()
    opened_at: datetime | None = time(False)
    opened_by: int | None = Field(default=None, foreign_key="user.id")
    closed_at: datetime | None = time(False)
    closed_by: int | None = Field(default=None, foreign_key="user.id")
    departure: str = ""  # why it was closed early
    unblinded_at: datetime | None = time(False)
    unblinded_by: int | None = Field(default=None, foreign_key="user.id")


class StudyCase(SQLModel, table=True):
    __tablename__ = "study_case"
    __table_args__ = (sa.UniqueConstraint("study_id", "sample_id"), sa.UniqueConstraint("study_id", "position"))
    id: int | None = Field(default=None, primary_key=True)
    study_id: int = Field(foreign_key="study.id")
    sample_id: int = Field(foreign_key="sample.id", index=True)
    position: int
    prediction_a_id: int = Field(foreign_key="prediction.id")
    prediction_b_id: int = Field(foreign_key="prediction.id")


class JudgeVerdict(ClaimableItem, table=True):
    """One reading of one case by an LLM judge; the job of kind "judge" is the judge run. `verdict` is the method."""

    __tablename__ = "judge_verdict"
    __table_args__ = (
        sa.UniqueConstraint("job_id", "case_id", "reading"),
        one_of("reading", "ab", "ba", "single"),
        one_of("state", "waiting", "running", "done", "failed"),
        sa.CheckConstraint("verdict IS NULL OR verdict IN ('a', 'tie', 'b')", name="verdict"),
        sa.Index("ix_judge_verdict_claim", "job_id", "state", "position"),
    )
    case_id: int = Field(foreign_key="study_case.id", index=True)
    reading: str  # ab: a shown first; ba: b shown first; single: pointwise
    verdict: str | None = None  # None while waiting, or unscored: `error` says why
    score_a: float | None = None
    score_b: float | None = None
    reasoning: str | None = None
