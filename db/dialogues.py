"""Dialogues and their samples: appended while a dataset is imported, browsed and read once it is ready."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.engine import read, write
from db.models import Dataset, DialogueRow, SampleRow
from proutt_core.errors import ConflictError
from proutt_core.types import Checks, Dialogue, Message, Sample

LOOKED_UP_AT_ONCE = 500


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
    """Add a batch in one short transaction. Returns the id each dialogue got, None where it was there already.

    Same external id and same text is a duplicate; the same id with another text is kept as `id#2`, `id#3` and so on.
    """
    with write() as session:
        state = session.exec(select(Dataset.state).where(Dataset.id == dataset_id)).first()
        if state != "importing":
            raise ConflictError("the import was removed or taken over while it ran; start it again")
        external_ids = _ids(session, dataset_id, batch)
        named = [(name, new) for name, new in zip(external_ids, batch, strict=True) if name is not None]
        if not named:
            return external_ids
        rows = [_row(dataset_id, external_id, new) for external_id, new in named]
        ids = session.scalars(
            sa.insert(DialogueRow).returning(col(DialogueRow.id), sort_by_parameter_order=True), rows
        ).all()
        samples = [
            {"dialogue_id": dialogue_id, "target_index": target, "later_indexes": list(later)}
            for dialogue_id, (_, new) in zip(ids, named, strict=True)
            for target, later in new.samples
        ]
        if samples:
            session.connection().execute(sa.insert(SampleRow), samples)
        return external_ids


def _ids(session: Session, dataset_id: int, batch: Sequence[NewDialogue]) -> list[str | None]:
    known = _texts_by_id(session, dataset_id, {new.dialogue.external_id for new in batch})
    ids: list[str | None] = []
    for new in batch:
        external_id = new.dialogue.external_id
        number = 1
        while external_id in known and known[external_id] != new.text_sha256:
            number += 1
            external_id = f"{new.dialogue.external_id}#{number}"
            if external_id not in known:
                known |= _texts_by_id(session, dataset_id, {external_id})
        ids.append(None if external_id in known else external_id)
        known[external_id] = new.text_sha256
    return ids


def _texts_by_id(session: Session, dataset_id: int, external_ids: Iterable[str]) -> dict[str, str]:
    wanted = sorted(external_ids)
    found: dict[str, str] = {}
    for start in range(0, len(wanted), LOOKED_UP_AT_ONCE):
        rows = session.exec(
            select(DialogueRow.external_id, DialogueRow.text_sha256).where(
                DialogueRow.dataset_id == dataset_id,
                col(DialogueRow.external_id).in_(wanted[start : start + LOOKED_UP_AT_ONCE]),
            )
        )
        found |= dict(rows.all())
    return found


def _row(dataset_id: int, external_id: str, new: NewDialogue) -> dict[str, Any]:
    dialogue = new.dialogue
    return {
        "dataset_id": dataset_id,
        "external_id": external_id,
        "group_key": dialogue.group,
        "split": dialogue.split,
        "language": dialogue.language,
        "messages": [{"role": m.role, "content": m.content} for m in dialogue.messages],
        "notes": list(dialogue.notes),
        "original": dialogue.original,
        "checks": dialogue.checks.model_dump(mode="json"),
        "text_sha256": new.text_sha256,
        "search_text": new.search_text,
    }


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
    found: dict[int, StoredSample] = {}
    for start in range(0, len(sample_ids), LOOKED_UP_AT_ONCE):
        rows = session.exec(
            select(SampleRow, DialogueRow)
            .join(DialogueRow, col(DialogueRow.id) == SampleRow.dialogue_id)
            .where(col(SampleRow.id).in_(sample_ids[start : start + LOOKED_UP_AT_ONCE]))
        )
        for sample, dialogue in rows:
            if sample.id is not None:
                found[sample.id] = _stored(sample.id, sample, dialogue)
    return found


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
            language=dialogue.language,
        ),
    )
