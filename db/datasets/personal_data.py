"""Possible personal data in a dataset's dialogues: how much there is, where, and its replacement or removal.

`dialogue.personal_data` says it in a form that an index counts (`email:2 phone:1`); None where nobody looked with the
rules of today, as in datasets of the first version.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from db.accounts.events import record
from db.columns import row_id
from db.datasets.uses import drop_dialogues, hold_unused
from db.engine import read, write
from db.tables import DialogueRow, SampleRow
from proutt_core.types import Checks, Dialogue


@dataclass(frozen=True)
class PersonalDataSummary:
    """`matches` and `dialogues_by_kind` by kind, most first; `dialogues` hold any; of `unchecked` nothing is known."""

    matches: dict[str, int] = field(default_factory=dict)
    dialogues_by_kind: dict[str, int] = field(default_factory=dict)
    dialogues: int = 0
    unchecked: int = 0


@dataclass(frozen=True)
class HeldDialogue:
    """A dialogue with the places where it is cut: sample id → target index."""

    id: int
    dialogue: Dialogue
    targets: dict[int, int]


@dataclass(frozen=True)
class Rewritten:
    """What masking made of a dialogue. `later` are its samples' later utterances: sample id → indexes."""

    id: int
    dialogue: Dialogue
    text_sha256: str
    search_text: str
    later: Mapping[int, Sequence[int]]


def code_of(counts: Mapping[str, int]) -> str:
    """`{"email": 2, "phone": 1}` as it is stored."""
    return " ".join(f"{kind}:{count}" for kind, count in counts.items())


def summary(dataset_id: int) -> PersonalDataSummary:
    """Counts by kind. An index answers: 100,000 dialogues cost some milliseconds."""
    with read() as session:
        groups = session.exec(
            select(DialogueRow.personal_data, sa.func.count())
            .where(DialogueRow.dataset_id == dataset_id)
            .group_by(col(DialogueRow.personal_data))
        ).all()
    matches: dict[str, int] = {}
    concerned: dict[str, int] = {}
    for code, rows in groups:
        for part in (code or "").split():
            kind, count = part.split(":")
            matches[kind] = matches.get(kind, 0) + int(count) * rows
            concerned[kind] = concerned.get(kind, 0) + rows
    return PersonalDataSummary(
        matches=dict(sorted(matches.items(), key=lambda item: -item[1])),
        dialogues_by_kind=concerned,
        dialogues=sum(rows for code, rows in groups if code),
        unchecked=sum(rows for code, rows in groups if code is None),
    )


def concerned(dataset_id: int, *, kind: str | None = None, after: int = 0, limit: int = 20) -> list[HeldDialogue]:
    """Dialogues with possible personal data (of that kind) whose id is greater than `after`, in the file's order."""
    return _held_dialogues(_of(dataset_id, kind), after=after, limit=limit)


def page_of(dataset_id: int, *, kind: str | None = None, offset: int = 0, limit: int = 20) -> list[HeldDialogue]:
    """Dialogues with possible personal data (of that kind), from position `offset` on, in the file's order."""
    return _held_dialogues(_of(dataset_id, kind), offset=offset, limit=limit)


def _of(dataset_id: int, kind: str | None) -> list[Any]:
    where: list[Any] = [DialogueRow.dataset_id == dataset_id, col(DialogueRow.personal_data) > ""]
    if kind is not None:
        where.append(col(DialogueRow.personal_data).contains(f"{kind}:", autoescape=True))
    return where


def unchecked(dataset_id: int, *, limit: int) -> list[HeldDialogue]:
    """Dialogues that nobody looked through with the rules of today."""
    where = [DialogueRow.dataset_id == dataset_id, col(DialogueRow.personal_data).is_(None)]
    return _held_dialogues(where, limit=limit)


def _held_dialogues(where: list[Any], *, after: int = 0, offset: int = 0, limit: int) -> list[HeldDialogue]:
    with read() as session:
        # The ids first: an index has them, and rows are long.
        page = select(DialogueRow.id).where(*where, col(DialogueRow.id) > after).order_by(col(DialogueRow.id))
        ids = session.exec(page.offset(offset).limit(limit)).all()
        rows = session.exec(select(DialogueRow).where(col(DialogueRow.id).in_(ids)).order_by(col(DialogueRow.id))).all()
        targets: dict[int, dict[int, int]] = {}
        for sample in session.exec(select(SampleRow).where(col(SampleRow.dialogue_id).in_([row.id for row in rows]))):
            targets.setdefault(sample.dialogue_id, {})[row_id(sample.id)] = sample.target_index
        return [HeldDialogue(row_id(row.id), _dialogue(row), targets.get(row_id(row.id), {})) for row in rows]


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
            "checks": row.checks,
        }
    )


def note_checks(checked: Mapping[int, Checks]) -> None:
    """What looking again found: dialogue id → its checks. Texts stay, so it does not matter who uses the dataset."""
    with write() as session:
        rows = [
            {
                "id": dialogue_id,
                "checks": checks.model_dump(mode="json"),
                "personal_data": code_of(checks.personal_data),
            }
            for dialogue_id, checks in checked.items()
        ]
        session.execute(sa.update(DialogueRow), rows)


def rewrite(dataset_id: int, batch: Sequence[Rewritten], *, counts: Mapping[str, int], user_id: int | None) -> None:
    """Put masked dialogues in the place of what they were, and note it as an event. ConflictError, and nothing
    changed, where something uses the dataset."""
    with write() as session:
        dataset = hold_unused(session, dataset_id)
        session.execute(sa.update(DialogueRow), [_row(new) for new in batch])
        samples = [
            {"id": sample_id, "later_indexes": list(later)} for new in batch for sample_id, later in new.later.items()
        ]
        if samples:
            session.execute(sa.update(SampleRow), samples)
        detail = {"dialogues": len(batch), "masked": dict(counts)}
        record(session, user_id=user_id, kind="dataset.personal_data.mask", subject=dataset.name, detail=detail)


def _row(new: Rewritten) -> dict[str, Any]:
    dialogue = new.dialogue
    return {
        "id": new.id,
        "messages": [{"role": m.role, "content": m.content} for m in dialogue.messages],
        "notes": list(dialogue.notes),
        "original": dialogue.original,
        "checks": dialogue.checks.model_dump(mode="json"),
        "personal_data": code_of(dialogue.checks.personal_data),
        "text_sha256": new.text_sha256,
        "search_text": new.search_text,
    }


def drop(dataset_id: int, ids: Sequence[int], *, counts: Mapping[str, int], user_id: int | None) -> None:
    """Take dialogues with personal data away, with their samples. ConflictError, and nothing changed, where something
    uses the dataset."""
    with write() as session:
        dataset = hold_unused(session, dataset_id)
        drop_dialogues(session, list(ids))
        detail = {"dialogues": len(ids), "found": dict(counts)}
        record(session, user_id=user_id, kind="dataset.personal_data.drop", subject=dataset.name, detail=detail)
