"""The seeded order of a dataset's samples: the same on every database, so that a limit is always the same prefix."""

import hashlib
import json

from sqlmodel import Session, col, select

from db.models import DialogueRow, SampleRow


def seeded_samples(session: Session, *, dataset_id: int, split: str, seed: int) -> list[int]:
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
