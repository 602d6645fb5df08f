"""Datasets, dialogues, samples."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from db.columns import one_of
from db.tables._fields import defaulted, json, time

# --- dialogues --------------------------------------------------------------------------------------------------------


class Dataset(SQLModel, table=True):
    __table_args__ = (
        sa.UniqueConstraint("name"),
        one_of("state", "importing", "ready", "failed"),
        one_of("kind", "dialogues", "pairs"),
    )
    id: int | None = Field(default=None, primary_key=True)
    name: str
    kind: str = defaulted("dialogues", "'dialogues'")  # "pairs": a released preference or SFT file
    public_title: str  # what annotators may see
    redistributable: bool = defaulted(True, "true")  # False: exports hold ids and traces, no texts
    format: str = ""
    licence: str = ""
    source: str = ""  # path or file name
    state: str = "importing"
    settings: dict[str, Any] = json()  # seed, split, turn policy, filters
    report: dict[str, Any] = json()  # ImportReport; while importing, as of the last committed batch
    rows_read: int = defaulted(0, "0")  # of the source, as of the last committed batch: where an import goes on
    created_at: datetime = time()


class DialogueRow(SQLModel, table=True):
    __tablename__ = "dialogue"
    __table_args__ = (
        sa.UniqueConstraint("dataset_id", "external_id"),
        one_of("split", "train", "valid", "test"),
        # Pages count by these whenever they are drawn; the rows themselves are long.
        sa.Index("ix_dialogue_counts", "dataset_id", "split", "language"),
        sa.Index("ix_dialogue_personal_data", "dataset_id", "personal_data"),
        sa.Index("ix_dialogue_opening", "dataset_id", "opening_sha256"),
    )
    id: int | None = Field(default=None, primary_key=True)
    dataset_id: int = Field(foreign_key="dataset.id")
    external_id: str
    group_key: str
    split: str
    language: str
    messages: list[dict[str, Any]] = json(list)
    notes: list[str] = json(list)
    original: str | None = None
    checks: dict[str, Any] = json()
    text_sha256: str
    search_text: str
    # As in `checks`, in a form that an index counts: "email:2 phone:1". None: nobody looked with the rules of today.
    personal_data: str | None = None
    # Of the system prompt and the first user message: equal for all states of one conversation.
    opening_sha256: str = defaulted("", "''")


class NearDuplicate(SQLModel, table=True):
    """A dialogue that is nearly another of its dataset: `like_id` is the one of the cluster that came first."""

    __tablename__ = "near_duplicate"
    __table_args__ = (sa.UniqueConstraint("dialogue_id"),)
    id: int | None = Field(default=None, primary_key=True)
    dataset_id: int = Field(foreign_key="dataset.id", index=True)
    dialogue_id: int = Field(foreign_key="dialogue.id")
    like_id: int = Field(foreign_key="dialogue.id", index=True)
    similarity: float  # Jaccard, 0 to 1


class SampleRow(SQLModel, table=True):
    __tablename__ = "sample"
    __table_args__ = (sa.UniqueConstraint("dialogue_id", "target_index"),)
    id: int | None = Field(default=None, primary_key=True)
    dialogue_id: int = Field(foreign_key="dialogue.id")
    target_index: int
    later_indexes: list[int] = json(list)
