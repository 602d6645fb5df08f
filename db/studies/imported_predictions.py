"""Predictions that came in a file: a method with its predictions, stored in one transaction or not at all."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.columns import now, row_id
from db.datasets.insert import LOOKED_UP_AT_ONCE
from db.datasets.uses import hold_texts
from db.engine import read, write
from db.jobs.jobs import Owner, job_for, set_state
from db.studies import methods
from db.tables import DialogueRow, PredictionRow, SampleRow
from proutt_core.errors import ConflictError

# One job of a method on a dataset holds what every file brought, so its settings say nothing of any file.
SETTINGS = {"split": "all", "imported": True}


@dataclass(frozen=True, slots=True)
class SampleName:
    """A sample as a file may name it."""

    id: int
    dialogue: str  # the dialogue's id in its source
    turn: int  # index of the predicted message
    split: str

    @property
    def key(self) -> str:
        """The same on every database; a study's protocol names its samples so."""
        return f"{self.dialogue}#{self.turn}"


@dataclass(frozen=True, slots=True)
class Stored:
    """How many were new, how many the method had already, word for word, and all samples that it has predicted now."""

    added: int
    known: int
    predicted: frozenset[int]


def sample_names(dataset_id: int) -> list[SampleName]:
    with read() as session:
        rows = session.exec(
            select(SampleRow.id, DialogueRow.external_id, SampleRow.target_index, DialogueRow.split)
            .join(DialogueRow, col(DialogueRow.id) == SampleRow.dialogue_id)
            .where(DialogueRow.dataset_id == dataset_id)
            .order_by(col(DialogueRow.id), col(SampleRow.target_index))
        )
        return [SampleName(row_id(sample), dialogue, turn, split) for sample, dialogue, turn, split in rows]


def turns_of(dataset_id: int, dialogues: Collection[str]) -> dict[int, int]:
    """By sample, which of the user's messages is predicted; the first is 1."""
    names = sorted(dialogues)
    turns: dict[int, int] = {}
    with read() as session:
        for start in range(0, len(names), LOOKED_UP_AT_ONCE):
            rows = session.exec(
                select(SampleRow.id, SampleRow.target_index, DialogueRow.messages)
                .join(DialogueRow, col(DialogueRow.id) == SampleRow.dialogue_id)
                .where(
                    DialogueRow.dataset_id == dataset_id,
                    col(DialogueRow.external_id).in_(names[start : start + LOOKED_UP_AT_ONCE]),
                )
            )
            for sample, target, messages in rows:
                turns[row_id(sample)] = sum(message["role"] == "user" for message in messages[: target + 1])
    return turns


def store(
    *,
    method: str,
    settings: dict[str, Any],
    dataset_id: int,
    dataset: str,
    utterances: Mapping[int, Sequence[str]],
    created_by: int | None = None,
) -> Stored:
    """Predictions by sample. The method is made where there is none of this name.

    ConflictError, and nothing stored, where the name belongs to a method of another kind, or the method has predicted
    one of the samples otherwise.
    """
    with write() as session:
        hold_texts(session, dataset_id)
        method_id = methods.ensure_in(session, name=method, family=method, settings=settings).id
        job = job_for(
            session,
            kind="predict",
            name=f"{method} on {dataset} (imported)",
            settings=SETTINGS,
            owner=Owner(dataset_id=dataset_id, method_id=method_id),
            created_by=created_by,
        )
        known = _known(session, method_id)
        _require_same(method, known, utterances)
        rows = [
            {
                "method_id": method_id,
                "sample_id": sample_id,
                "job_id": row_id(job.id),
                "position": position,
                "state": "done",
                "utterances": list(texts),
                "attempt": 0,
                "finished_at": now(),
            }
            for position, (sample_id, texts) in enumerate(utterances.items(), start=len(known))
            if sample_id not in known
        ]
        if rows:
            session.connection().execute(sa.insert(PredictionRow), rows)
        job.started_at = job.started_at or now()
        set_state(job, "done")
        predicted = frozenset(known) | frozenset(utterances)
        return Stored(added=len(rows), known=len(utterances) - len(rows), predicted=predicted)


def _known(session: Session, method_id: int) -> dict[int, tuple[str, ...]]:
    rows = session.exec(
        select(PredictionRow.sample_id, PredictionRow.utterances).where(PredictionRow.method_id == method_id)
    )
    return {sample_id: tuple(texts) for sample_id, texts in rows}


def _require_same(method: str, known: Mapping[int, tuple[str, ...]], utterances: Mapping[int, Sequence[str]]) -> None:
    differ = sum(sample_id in known and known[sample_id] != tuple(texts) for sample_id, texts in utterances.items())
    if differ:
        raise ConflictError(
            f'the method "{method}" has other predictions already for {differ} of these samples; a method never'
            " changes, so choose another name"
        )
