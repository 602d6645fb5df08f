"""Two runs over the same samples, item by item."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from db.columns import row_id
from db.engine import read
from db.tables import DialogueRow, SampleRow, SynthesisItem


@dataclass(frozen=True)
class Side:
    item_id: int
    state: str
    branch: str | None
    top_similarity: float | None


@dataclass(frozen=True)
class Both:
    """One sample that both runs have."""

    external_id: str
    target_index: int
    first: Side
    second: Side


@dataclass(frozen=True)
class BothPage:
    total: int
    samples: tuple[Both, ...]


_First, _Second = aliased(SynthesisItem), aliased(SynthesisItem)


def samples_of_both(
    first: int, second: int, *, other_branch: bool = False, offset: int = 0, limit: int = 20
) -> BothPage:
    """In the order of the first run. `other_branch`: only samples that ended in another branch, or failed in one."""
    where: list[Any] = _joined(first, second)
    if other_branch:
        where.append(sa.func.coalesce(_First.branch, "") != sa.func.coalesce(_Second.branch, ""))
    with read() as session:
        total = session.exec(select(sa.func.count()).select_from(_First, _Second).where(*where)).one()
        rows = session.exec(
            select(_First, _Second, DialogueRow.external_id, SampleRow.target_index)
            .join(SampleRow, col(SampleRow.id) == _First.sample_id)
            .join(DialogueRow, col(DialogueRow.id) == SampleRow.dialogue_id)
            .where(*where)
            .order_by(col(_First.position))
            .offset(offset)
            .limit(limit)
        )
        samples = tuple(
            Both(external_id=external_id, target_index=target, first=_side(one), second=_side(other))
            for one, other, external_id, target in rows
        )
    return BothPage(total=total, samples=samples)


def branches_of_both(first: int, second: int) -> Counter[tuple[str | None, str | None]]:
    """How many samples ended in which branch here and there; None: not done."""
    with read() as session:
        rows = session.exec(
            select(_First.branch, _Second.branch, sa.func.count())
            .where(*_joined(first, second))
            .group_by(col(_First.branch), col(_Second.branch))
        )
        return Counter({(one, other): n for one, other, n in rows})


def _joined(first: int, second: int) -> list[Any]:
    return [
        _First.job_id == first,
        _Second.job_id == second,
        _First.sample_id == _Second.sample_id,
        _First.variant == 0,
        _Second.variant == 0,
    ]


def _side(item: SynthesisItem) -> Side:
    return Side(item_id=row_id(item.id), state=item.state, branch=item.branch, top_similarity=item.top_similarity)
