"""What was exported."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from db.tables._fields import maybe_json, time

# --- what left, what happened -----------------------------------------------------------------------------------------


class Export(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    job_id: int | None = Field(default=None, foreign_key="job.id", index=True)
    dataset_id: int | None = Field(default=None, foreign_key="dataset.id", index=True)  # of imported pairs
    kind: str
    format: str
    status: str
    path: str
    rows: int
    sha256: str
    settings: dict[str, Any] | None = maybe_json()  # why texts went out against a licence, what an ablation left out
    created_by: int | None = Field(default=None, foreign_key="user.id")
    created_at: datetime = time()


class ExportRow(SQLModel, table=True):
    __tablename__ = "export_row"
    __table_args__ = (sa.UniqueConstraint("export_id", "pair_id"),)
    id: int | None = Field(default=None, primary_key=True)
    export_id: int = Field(foreign_key="export.id")
    pair_id: int = Field(foreign_key="preference_pair.id")
    review_id: int | None = Field(default=None, foreign_key="pair_review.id")
