"""Possible personal data of a dataset: looking again, masking, dropping. In short transactions, a batch in memory.

What was done before it broke off stays done: doing it again continues with the rest.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from db.datasets import personal_data, uses
from db.datasets.personal_data import HeldDialogue, Rewritten
from proutt_core.dialogues.checks import check
from proutt_core.dialogues.masking import masked_dialogue
from proutt_core.dialogues.samples import later_indexes
from proutt_core.dialogues.text import search_text, text_sha256

BATCH = 200

Progress = Callable[[int, int], None]  # dialogues done, of how many


@dataclass
class Treated:
    """`places`: how many by kind."""

    dialogues: int = 0
    places: Counter[str] = field(default_factory=Counter)


def look(dataset_id: int, *, progress: Progress | None = None) -> int:
    """Check the dialogues that were imported before today's rules; how many there were."""
    total, done = personal_data.summary(dataset_id).unchecked, 0
    while batch := personal_data.unchecked(dataset_id, limit=BATCH):
        personal_data.note_checks(
            {held.id: check(held.dialogue.messages, toxic=held.dialogue.checks.toxic) for held in batch}
        )
        done += len(batch)
        if progress is not None:
            progress(done, max(done, total))
    return done


def mask_dataset(dataset_id: int, *, user_id: int | None = None, progress: Progress | None = None) -> Treated:
    """Replace each match by a placeholder. ConflictError where a run, prediction or study uses the dataset."""

    def save(batch: list[HeldDialogue], counts: Counter[str]) -> None:
        personal_data.rewrite(dataset_id, [_rewritten(held) for held in batch], counts=counts, user_id=user_id)

    return _treat(dataset_id, save, progress)


def drop_from_dataset(dataset_id: int, *, user_id: int | None = None, progress: Progress | None = None) -> Treated:
    """Take the dialogues away. ConflictError where a run, prediction or study uses the dataset."""

    def save(batch: list[HeldDialogue], counts: Counter[str]) -> None:
        personal_data.drop(dataset_id, [held.id for held in batch], counts=counts, user_id=user_id)

    return _treat(dataset_id, save, progress)


def _treat(
    dataset_id: int, save: Callable[[list[HeldDialogue], Counter[str]], None], progress: Progress | None
) -> Treated:
    uses.require_unused(dataset_id)
    look(dataset_id)
    total = personal_data.summary(dataset_id).dialogues
    treated = Treated()
    after = 0
    while batch := personal_data.concerned(dataset_id, after=after, limit=BATCH):
        counts = Counter[str]()
        for held in batch:
            counts.update(held.dialogue.checks.personal_data)
        save(batch, counts)
        treated.places.update(counts)
        treated.dialogues += len(batch)
        after = batch[-1].id
        if progress is not None:
            progress(treated.dialogues, max(treated.dialogues, total))
    return treated


def _rewritten(held: HeldDialogue) -> Rewritten:
    new = masked_dialogue(held.dialogue)
    return Rewritten(
        id=held.id,
        dialogue=new,
        text_sha256=text_sha256(new.messages),
        search_text=search_text(new.messages),
        later={sample_id: later_indexes(new.messages, target) for sample_id, target in held.targets.items()},
    )
