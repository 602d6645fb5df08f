"""The seeded order of a dataset's samples: the same on every database, so that a limit is always the same prefix."""

import hashlib
import json

from sqlmodel import Session, col, select

from db.engine import read
from db.tables import DialogueRow, SampleRow
from proutt_core.errors import InputError


def samples_for_job(*, dataset_id: int, split: str, seed: int, limit: int | None) -> list[int]:
    """The split's samples in the seeded order. InputError where there are none, or the limit leaves none."""
    if limit is not None and limit < 1:
        raise InputError(f"the limit must be at least 1; got {limit}")
    with read() as session:
        order = _seeded_samples(session, dataset_id=dataset_id, split=split, seed=seed)
    if not order:
        raise InputError(f"the dataset has no samples in the split {split}")
    return order


def _seeded_samples(session: Session, *, dataset_id: int, split: str, seed: int) -> list[int]:
    """Ids of the samples of a split ("all": of every split), in the order that the seed gives them."""
    where = [DialogueRow.dataset_id == dataset_id]
    if split != "all":
        where.append(DialogueRow.split == split)
    rows = session.exec(
        select(SampleRow.id, DialogueRow.external_id, SampleRow.target_index)
        .join(DialogueRow, col(DialogueRow.id) == SampleRow.dialogue_id)
        .where(*where)
    )
    drawn = sorted((_draw(seed, external_id, target), sample_id) for sample_id, external_id, target in rows)
    return [sample_id for _, sample_id in drawn if sample_id is not None]


def _draw(seed: int, external_id: str, target_index: int) -> bytes:
    return hashlib.sha256(json.dumps(["order", seed, external_id, target_index]).encode()).digest()
