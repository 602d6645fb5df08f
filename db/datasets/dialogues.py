"""Dialogues and their samples: appended while a dataset is imported, browsed and read once it is ready."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.datasets.insert import LOOKED_UP_AT_ONCE, NewColumns, insert
from db.datasets.personal_data import code_of
from db.engine import read, write
from db.tables import Dataset, DialogueRow, SampleRow
from proutt_core.types import Checks, Dialogue, Message, Sample


@dataclass(frozen=True)
class NewDialogue:
    """A dialogue to append. `samples` are (target index, indexes of the later utterances)."""

    dialogue: Dialogue
    text_sha256: str
    search_text: str
    samples: tuple[tuple[int, tuple[int, ...]], ...] = ()


@dataclass(frozen=True)
class DialogueInfo:
    id: int
    dialogue: Dialogue
    targets: tuple[int, ...]  # target indexes of its samples


@dataclass(frozen=True)
class DialoguePage:
    total: int
    dialogues: tuple[DialogueInfo, ...]


@dataclass(frozen=True)
class StoredSample:
    id: int
    dialogue_id: int
    dataset_id: int
    split: str
    group: str
    sample: Sample


def append(dataset_id: int, batch: Sequence[NewDialogue]) -> list[str | None]:
    """Add a batch in one short transaction, as `insert` does."""
    with write() as session:
        return insert(session, dataset_id, [_columns(new) for new in batch])


def _columns(new: NewDialogue) -> NewColumns:
    dialogue = new.dialogue
    return NewColumns(
        external_id=dialogue.external_id,
        group_key=dialogue.group,
        split=dialogue.split,
        language=dialogue.language,
        messages=json.dumps([{"role": m.role, "content": m.content} for m in dialogue.messages]),
        notes=json.dumps(dialogue.notes),
        original=dialogue.original,
        checks=dialogue.checks.model_dump_json(),
        personal_data=code_of(dialogue.checks.personal_data),
        text_sha256=new.text_sha256,
        opening_sha256="",
        search_text=new.search_text,
        samples=tuple((target, json.dumps(later)) for target, later in new.samples),
    )


def browse(
    dataset_id: int,
    *,
    search: str = "",
    split: str | None = None,
    language: str | None = None,
    offset: int = 0,
    limit: int = 20,
) -> DialoguePage:
    """One page of a ready dataset's dialogues, in the file's order. `search` must be folded (`dialogues.text.fold`)."""
    where: list[Any] = [DialogueRow.dataset_id == dataset_id, Dataset.state == "ready"]
    if search:
        where.append(col(DialogueRow.search_text).contains(search, autoescape=True))
    if split:
        where.append(DialogueRow.split == split)
    if language:
        where.append(DialogueRow.language == language)
    joined = col(Dataset.id) == DialogueRow.dataset_id
    with read() as session:
        total = session.exec(select(sa.func.count()).select_from(DialogueRow).join(Dataset, joined).where(*where)).one()
        rows = session.exec(
            select(DialogueRow)
            .join(Dataset, joined)
            .where(*where)
            .order_by(col(DialogueRow.id))
            .offset(offset)
            .limit(limit)
        ).all()
        return DialoguePage(total=total, dialogues=tuple(_infos(session, rows)))


def languages(dataset_id: int) -> dict[str, int]:
    """How many dialogues there are in each language, most first."""
    count = sa.func.count()
    with read() as session:
        rows = session.exec(
            select(DialogueRow.language, count)
            .where(DialogueRow.dataset_id == dataset_id)
            .group_by(col(DialogueRow.language))
            .order_by(count.desc(), col(DialogueRow.language))
        )
        return dict(rows.all())


def get(dialogue_id: int) -> DialogueInfo | None:
    with read() as session:
        row = session.get(DialogueRow, dialogue_id)
        return None if row is None else _infos(session, [row])[0]


def _infos(session: Session, rows: Sequence[DialogueRow]) -> list[DialogueInfo]:
    targets: dict[int, list[int]] = {}
    ids = [row.id for row in rows]
    for dialogue_id, target in session.exec(
        select(SampleRow.dialogue_id, SampleRow.target_index)
        .where(col(SampleRow.dialogue_id).in_(ids))
        .order_by(col(SampleRow.target_index))
    ):
        targets.setdefault(dialogue_id, []).append(target)
    return [
        DialogueInfo(id=row.id, dialogue=_dialogue(row), targets=tuple(targets.get(row.id, ())))
        for row in rows
        if row.id is not None
    ]


def _dialogue(row: DialogueRow) -> Dialogue:
    return Dialogue.model_validate(
        {
            "external_id": row.external_id,
            "group": row.group_key,
            "messages": row.messages,
            "split": row.split,
            "language": row.language,
            "notes": row.notes,
            "original": row.original,
            "checks": Checks.model_validate(row.checks),
        }
    )


def samples_by_id(sample_ids: Sequence[int]) -> dict[int, StoredSample]:
    """The samples of these ids, their context rebuilt from the dialogue."""
    with read() as session:
        return read_samples(session, sample_ids)


def read_samples(session: Session, sample_ids: Sequence[int]) -> dict[int, StoredSample]:
    samples: dict[int, StoredSample] = {}
    for start in range(0, len(sample_ids), LOOKED_UP_AT_ONCE):
        rows = session.exec(
            select(SampleRow, DialogueRow)
            .join(DialogueRow, col(DialogueRow.id) == SampleRow.dialogue_id)
            .where(col(SampleRow.id).in_(sample_ids[start : start + LOOKED_UP_AT_ONCE]))
        )
        for sample, dialogue in rows:
            if sample.id is not None:
                samples[sample.id] = _stored(sample.id, sample, dialogue)
    return samples


def sample_by_id(sample_id: int) -> StoredSample | None:
    return samples_by_id([sample_id]).get(sample_id)


def _stored(sample_id: int, sample: SampleRow, dialogue: DialogueRow) -> StoredSample:
    messages = tuple(Message.model_validate(m) for m in dialogue.messages)
    return StoredSample(
        id=sample_id,
        dialogue_id=sample.dialogue_id,
        dataset_id=dialogue.dataset_id,
        split=dialogue.split,
        group=dialogue.group_key,
        sample=Sample(
            external_id=dialogue.external_id,
            target_index=sample.target_index,
            context=messages[: sample.target_index],
            next_utterance=messages[sample.target_index].content,
            later_utterances=tuple(messages[i].content for i in sample.later_indexes),
            language=dialogue.language if not dialogue.checks.get("language_guessed") else "und",
        ),
    )
