"""What earlier work tells about work to come: branches that runs took, what is done already, how long reviews took."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import col, select

from db.engine import read
from db.tables import PairReview, SynthesisItem
from proutt_core.types import Branch


@dataclass(frozen=True)
class DoneItem:
    """A sample that a run made a pair of."""

    job_id: int
    sample_id: int
    branch: Branch
    top_similarity: float


def branches(job_ids: Sequence[int]) -> dict[Branch, int]:
    """How many items of these runs went each way."""
    with read() as session:
        rows = session.exec(
            select(SynthesisItem.branch, sa.func.count())
            .where(col(SynthesisItem.job_id).in_(job_ids), SynthesisItem.state == "done")
            .group_by(col(SynthesisItem.branch))
        )
        return {branch: count for branch, count in rows if branch is not None}  # type: ignore[misc]


def done_items(job_ids: Sequence[int]) -> list[DoneItem]:
    """What these runs have done, in the order of the jobs' making."""
    with read() as session:
        rows = session.exec(
            select(SynthesisItem.job_id, SynthesisItem.sample_id, SynthesisItem.branch, SynthesisItem.top_similarity)
            .where(col(SynthesisItem.job_id).in_(job_ids), SynthesisItem.state == "done", SynthesisItem.variant == 0)
            .order_by(col(SynthesisItem.job_id))
        )
        return [
            DoneItem(job_id=job_id, sample_id=sample_id, branch=branch, top_similarity=top)  # type: ignore[arg-type]
            for job_id, sample_id, branch, top in rows
            if branch is not None and top is not None
        ]


def some_item_ids(job_ids: Sequence[int], *, limit: int) -> list[int]:
    """Items that are done, the newest first."""
    with read() as session:
        rows = session.exec(
            select(SynthesisItem.id)
            .where(col(SynthesisItem.job_id).in_(job_ids), SynthesisItem.state == "done")
            .order_by(col(SynthesisItem.id).desc())
            .limit(limit)
        )
        return [item_id for item_id in rows if item_id is not None]


def review_seconds(*, limit: int = 1_000) -> list[float]:
    """How long the newest reviews of pairs took, where it was measured; withdrawn answers left out."""
    with read() as session:
        rows = session.exec(
            select(PairReview.seconds)
            .where(col(PairReview.seconds).is_not(None), PairReview.answer != "withdrawn")
            .order_by(col(PairReview.id).desc())
            .limit(limit)
        )
        return [seconds for seconds in rows if seconds is not None]
