"""What went out before, for the page that offers to write again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import col, select

from db.engine import read
from db.tables import Export, User


@dataclass(frozen=True)
class ExportInfo:
    at: datetime
    by: str | None  # None: the command line
    kind: str
    format: str
    status: str
    rows: int
    sha256: str
    path: str
    settings: dict[str, Any]


def exports_of(*, job_id: int | None = None, dataset_id: int | None = None) -> list[ExportInfo]:
    """What went out of a run or a dataset of imported pairs, the newest first."""
    with read() as session:
        rows = session.exec(
            select(Export, User.name)
            .join(User, col(User.id) == Export.created_by, isouter=True)
            .where(Export.job_id == job_id, Export.dataset_id == dataset_id)
            .order_by(col(Export.id).desc())
        )
        return [
            ExportInfo(
                at=row.created_at,
                by=name,
                kind=row.kind,
                format=row.format,
                status=row.status,
                rows=row.rows,
                sha256=row.sha256,
                path=row.path,
                settings=row.settings or {},
            )
            for row, name in rows
        ]
