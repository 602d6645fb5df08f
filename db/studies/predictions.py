"""What a method predicts for samples: one row per method and sample, filled by jobs of kind "predict"."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.columns import row_id
from db.datasets.seeded_order import samples_for_job
from db.datasets.uses import hold_texts
from db.engine import read, write
from db.jobs import items
from db.jobs.items import ItemClaim, requeue
from db.jobs.jobs import Owner, Started, job_for
from db.stored_settings import split_of
from db.tables import DialogueRow, PredictionRow, SampleRow


@dataclass(frozen=True)
class PredictionInfo:
    id: int
    method_id: int
    sample_id: int
    state: str
    utterances: tuple[str, ...]
    reasoning: str | None
    error: str | None


def start_predictions(
    *,
    name: str,
    dataset_id: int,
    method_id: int,
    settings: dict[str, Any],
    limit: int | None = None,
    concurrency: int = 8,
    created_by: int | None = None,
) -> Started:
    """Queue what the method has not predicted yet. `settings` hold at least `split`; the order is seeded with 0.

    `limit` is how many samples of that order should be predicted. A sample has one prediction of a method, whichever
    job asked for it first.
    """
    with write() as session:
        hold_texts(session, dataset_id)
        order = samples_for_job(dataset_id=dataset_id, split=split_of(settings), seed=0, limit=limit)
        job = job_for(
            session,
            kind="predict",
            name=name,
            settings=settings,
            owner=Owner(dataset_id=dataset_id, method_id=method_id),
            concurrency=concurrency,
            created_by=created_by,
        )
        job_id = row_id(job.id)
        predicted = set(session.exec(select(PredictionRow.sample_id).where(PredictionRow.method_id == method_id)))
        rows = [
            {
                "method_id": method_id,
                "sample_id": sample_id,
                "job_id": job_id,
                "position": position,
                "state": "waiting",
                "utterances": [],
                "attempt": 0,
            }
            for position, sample_id in enumerate(order[:limit])
            if sample_id not in predicted
        ]
        finished = session.exec(
            select(sa.func.count(col(PredictionRow.finished_at))).where(PredictionRow.job_id == job_id)
        ).one()
        if rows:
            session.connection().execute(sa.insert(PredictionRow), rows)
        requeue(session, job)
        return Started(job_id=job_id, resumed=finished, added=len(rows))


def save(
    session: Session, claim: ItemClaim, *, utterances: Sequence[str], reasoning: str | None, raw: str | None
) -> bool:
    """The predicted utterances. False, and nothing written, where another holds the item."""
    return items.save(session, claim, utterances=list(utterances), reasoning=reasoning, raw=raw)


def save_failure(session: Session, claim: ItemClaim, *, stage: str, error: str, raw: str | None) -> bool:
    return items.save_failure(session, claim, stage=stage, error=error, raw=raw)


def of_method(*, method_id: int, dataset_id: int, split: str | None = None) -> list[PredictionInfo]:
    """A method's predictions on a dataset, finished or not, by sample."""
    where: list[Any] = [PredictionRow.method_id == method_id, DialogueRow.dataset_id == dataset_id]
    if split is not None:
        where.append(DialogueRow.split == split)
    with read() as session:
        rows = session.exec(
            select(PredictionRow)
            .join(SampleRow, col(SampleRow.id) == PredictionRow.sample_id)
            .join(DialogueRow, col(DialogueRow.id) == SampleRow.dialogue_id)
            .where(*where)
            .order_by(col(PredictionRow.sample_id))
        )
        return [
            PredictionInfo(
                id=row_id(row.id),
                method_id=row.method_id,
                sample_id=row.sample_id,
                state=row.state,
                utterances=tuple(row.utterances),
                reasoning=row.reasoning,
                error=row.error,
            )
            for row in rows
        ]
