"""The similarities of a run's finished items: what thresholds decide on."""

from dataclasses import dataclass

import orjson
import sqlalchemy as sa
from sqlmodel import col, select

from db.columns import row_id
from db.engine import read
from db.tables import SynthesisItem


@dataclass(frozen=True)
class ItemSimilarity:
    item_id: int
    top: float


def of_run(job_id: int) -> tuple[ItemSimilarity, ...]:
    """Of every item that is done. An index has them: the items themselves are long."""
    with read() as session:
        rows = session.exec(
            select(SynthesisItem.id, SynthesisItem.top_similarity).where(
                SynthesisItem.job_id == job_id,
                SynthesisItem.state == "done",
                col(SynthesisItem.top_similarity).is_not(None),
            )
        )
        return tuple(ItemSimilarity(item_id=row_id(item_id), top=top or 0.0) for item_id, top in rows)


def scores_below(job_id: int, *, line: float) -> dict[int, dict[str, float]]:
    """Item → its scores by prediction id, of the done items whose top similarity lies below the line. Reads what is
    long, so ask for it once."""
    scores = sa.cast(SynthesisItem.results["similarity"], sa.Text)
    with read() as session:
        rows = session.exec(
            select(SynthesisItem.id, scores).where(
                SynthesisItem.job_id == job_id,
                SynthesisItem.state == "done",
                col(SynthesisItem.top_similarity) < line,
            )
        )
        return {
            row_id(item_id): {score["id"]: score["score"] for score in orjson.loads(stored)} for item_id, stored in rows
        }
