"""The items of a synthesis run as a researcher reads them: a page of them, or one with all it went through."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from db.columns import row_id
from db.datasets.dialogues import StoredSample, read_samples
from db.engine import read
from db.synthesis.gates import failed_a_gate
from db.tables import DialogueRow, PreferencePair, SampleRow, SynthesisItem
from proutt_core.errors import InputError
from proutt_core.types import GateFailure, StageResults


@dataclass(frozen=True)
class ItemRow:
    id: int
    position: int
    external_id: str
    split: str
    state: str
    branch: str | None
    top_similarity: float | None
    gates_failed: tuple[str, ...]
    stage: str | None  # that failed
    error: str | None


@dataclass(frozen=True)
class ItemPage:
    total: int
    items: tuple[ItemRow, ...]


@dataclass(frozen=True)
class OpenedItem:
    row: ItemRow
    sample: StoredSample
    results: StageResults
    perturbed: tuple[str, ...]
    gates_failed: tuple[GateFailure, ...]


def browse_items(
    job_id: int,
    *,
    state: str | None = None,
    branch: str | None = None,
    gate_failed: bool = False,
    offset: int = 0,
    limit: int = 20,
) -> ItemPage:
    """One page of a run's items in its order. `gate_failed`: only those whose pair failed a gate."""
    where: list[Any] = [SynthesisItem.job_id == job_id]
    if state:
        where.append(SynthesisItem.state == state)
    if branch:
        where.append(SynthesisItem.branch == branch)
    if gate_failed:
        where.append(failed_a_gate(job_id))
    with read() as session:
        counted = select(sa.func.count()).select_from(SynthesisItem)
        if gate_failed:
            counted = counted.join(PreferencePair, col(PreferencePair.item_id) == SynthesisItem.id)
        total = session.exec(counted.where(*where)).one()
        # The page's items first: to skip joined rows would read every one of them.
        ids = select(SynthesisItem.id)
        if gate_failed:
            ids = ids.join(PreferencePair, col(PreferencePair.item_id) == SynthesisItem.id)
        order = (col(SynthesisItem.position), col(SynthesisItem.id))
        item_ids = session.exec(ids.where(*where).order_by(*order).offset(offset).limit(limit)).all()
        rows = session.exec(
            _joined(SynthesisItem, DialogueRow.external_id, DialogueRow.split, PreferencePair.gates_failed)
            .where(col(SynthesisItem.id).in_(item_ids))
            .order_by(*order)
        )
        return ItemPage(total=total, items=tuple(_row(*row) for row in rows))


def open_item(item_id: int) -> OpenedItem:
    """One item with its sample and every stage's result. InputError where there is none of that id."""
    with read() as session:
        row = session.exec(
            _joined(SynthesisItem, DialogueRow.external_id, DialogueRow.split, PreferencePair).where(
                SynthesisItem.id == item_id
            )
        ).first()
        if row is None:
            raise InputError(f"there is no item {item_id}")
        item, external_id, split, pair = row
        failed = pair.gates_failed if pair else None
        return OpenedItem(
            row=_row(item, external_id, split, failed),
            sample=read_samples(session, [item.sample_id])[item.sample_id],
            results=StageResults.model_validate(item.results),
            perturbed=tuple(pair.perturbed) if pair else (),
            gates_failed=tuple(GateFailure.model_validate(entry) for entry in failed or ()),
        )


def job_of_item(item_id: int) -> int:
    """The run that an item belongs to. InputError where there is none of that id."""
    with read() as session:
        job_id = session.exec(select(SynthesisItem.job_id).where(SynthesisItem.id == item_id)).first()
        if job_id is None:
            raise InputError(f"there is no item {item_id}")
        return job_id


def _joined(*columns: Any) -> Any:
    return (
        select(*columns)
        .select_from(SynthesisItem)
        .join(SampleRow, col(SampleRow.id) == SynthesisItem.sample_id)
        .join(DialogueRow, col(DialogueRow.id) == SampleRow.dialogue_id)
        .join(PreferencePair, col(PreferencePair.item_id) == SynthesisItem.id, isouter=True)
    )


def _row(item: SynthesisItem, external_id: str, split: str, gates_failed: list[dict[str, Any]] | None) -> ItemRow:
    return ItemRow(
        id=row_id(item.id),
        position=item.position,
        external_id=external_id,
        split=split,
        state=item.state,
        branch=item.branch,
        top_similarity=item.top_similarity,
        gates_failed=tuple(entry["gate"] for entry in gates_failed or ()),
        stage=item.failed_stage,
        error=item.error,
    )
