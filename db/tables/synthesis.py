"""Items of synthesis runs and their preference pairs."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from db.columns import one_of, random_id
from db.tables._fields import json, maybe_json, time
from db.tables._items import ClaimableItem


class SynthesisItem(ClaimableItem, table=True):
    """One sample in a run. variant 0 is the run's; n > 0 will name the tree review it was corrected from."""

    __tablename__ = "synthesis_item"
    __table_args__ = (
        sa.UniqueConstraint("job_id", "sample_id", "variant"),
        one_of("state", "waiting", "running", "done", "failed"),
        sa.Index("ix_synthesis_item_claim", "job_id", "state", "position"),
        # How fast a run moves is asked every second while somebody looks; `finished_at` lies behind long results.
        sa.Index("ix_synthesis_item_finished", "job_id", "finished_at"),
        # What a run's items came to is counted whenever its page is drawn, for the same reason.
        sa.Index(
            "ix_synthesis_item_outcome",
            "job_id",
            "state",
            "branch",
            "top_similarity",
            "overlap_chosen",
            "overlap_insight",
        ),
    )
    sample_id: int = Field(foreign_key="sample.id", index=True)
    variant: int = 0
    results: dict[str, Any] = json()  # StageResults
    branch: str | None = None
    top_similarity: float | None = None
    # Hindsight: how much of the next utterance the true view's reasoning holds, revised and as it was.
    overlap_chosen: float | None = None
    overlap_insight: float | None = None


# --- pairs ------------------------------------------------------------------------------------------------------------


class PreferencePair(SQLModel, table=True):
    """Immutable. Synthesised pairs hold traces; imported ones may hold verbatim text."""

    __tablename__ = "preference_pair"
    __table_args__ = (
        sa.UniqueConstraint("item_id"),
        sa.UniqueConstraint("dataset_id", "source_row"),
        # Few pairs fail a gate, and those of a run are asked for whenever its page is drawn.
        sa.Index(
            "ix_preference_pair_gates",
            "job_id",
            sqlite_where=sa.text("CAST(gates_failed AS TEXT) != '[]'"),
            postgresql_where=sa.text("CAST(gates_failed AS TEXT) != '[]'"),
        ),
        # A dataset of imported pairs is counted by split wherever datasets are listed.
        sa.Index(
            "ix_preference_pair_split",
            "dataset_id",
            "split",
            sqlite_where=sa.text("dataset_id IS NOT NULL"),
            postgresql_where=sa.text("dataset_id IS NOT NULL"),
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(default_factory=random_id, unique=True)
    job_id: int | None = Field(default=None, foreign_key="job.id", index=True)
    item_id: int | None = Field(default=None, foreign_key="synthesis_item.id")
    dataset_id: int | None = Field(default=None, foreign_key="dataset.id")  # set on imported pairs, with source_row
    source_row: int | None = None
    chosen: dict[str, Any] | None = maybe_json()
    rejected: dict[str, Any] | None = maybe_json()
    verbatim: dict[str, Any] | None = maybe_json()  # prompt, chosen, rejected as imported
    split: str
    group_key: str
    branch: str | None = None
    perturbed: list[str] = json(list)
    gates_failed: list[dict[str, Any]] = json(list)
    created_at: datetime = time()
