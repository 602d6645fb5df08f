"""The similarities of a run's finished items: what thresholds decide on."""

from dataclasses import dataclass

from sqlmodel import col, select

from db.columns import row_id
from db.engine import read
from db.tables import SynthesisItem


@dataclass(frozen=True)
class ItemSimilarity:
    """`scores` by prediction id; the top similarity is the highest of them."""

    item_id: int
    top: float
    scores: dict[str, float]


def of_run(job_id: int) -> tuple[ItemSimilarity, ...]:
    """In the run's order; items that are not done are left out."""
    with read() as session:
        rows = session.exec(
            select(SynthesisItem.id, SynthesisItem.top_similarity, SynthesisItem.results["similarity"])
            .where(
                SynthesisItem.job_id == job_id,
                SynthesisItem.state == "done",
                col(SynthesisItem.top_similarity).is_not(None),
            )
            .order_by(col(SynthesisItem.position))
        )
        return tuple(
            ItemSimilarity(
                item_id=row_id(item_id), top=top or 0.0, scores={score["id"]: score["score"] for score in scores or ()}
            )
            for item_id, top, scores in rows
        )
