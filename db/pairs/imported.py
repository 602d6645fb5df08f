"""Pairs that came in a file: stored in short batches, invisible until their dataset is ready, then given out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from db.columns import random_id
from db.engine import write
from db.review.filling import open_dataset_queue
from db.tables import Dataset, PreferencePair
from proutt_core.errors import ConflictError
from proutt_core.types import GateFailure, Split, Trace, VerbatimPair


@dataclass(frozen=True)
class NewPair:
    """A row of a file. `chosen` and `rejected` are set where its texts could be read as traces."""

    source_row: int
    verbatim: VerbatimPair
    chosen: Trace | None
    rejected: Trace | None
    split: Split
    group_key: str
    gates_failed: tuple[GateFailure, ...] = ()


def append(dataset_id: int, pairs: Sequence[NewPair]) -> int:
    """Store a batch in a dataset of pairs that is being imported; how many rows were new.

    A row that is there already stays as it is, so a batch may come again. ConflictError where the dataset is complete
    or was taken away.
    """
    with write() as session:
        dataset = session.get(Dataset, dataset_id, with_for_update={"key_share": True})
        if dataset is None or dataset.state != "importing" or dataset.kind != "pairs":
            raise ConflictError("the dataset is not being imported any more")
        numbers = [pair.source_row for pair in pairs]
        stored_rows = set(
            session.exec(
                select(PreferencePair.source_row).where(
                    PreferencePair.dataset_id == dataset_id, col(PreferencePair.source_row).in_(numbers)
                )
            )
        )
        rows = [_row(dataset_id, pair) for pair in pairs if pair.source_row not in stored_rows]
        if rows:
            session.connection().execute(sa.insert(PreferencePair), rows)
        return len(rows)


def _row(dataset_id: int, pair: NewPair) -> dict[str, Any]:
    return {
        "public_id": random_id(),
        "dataset_id": dataset_id,
        "source_row": pair.source_row,
        "verbatim": pair.verbatim.model_dump(mode="json"),
        "chosen": _stored(pair.chosen),
        "rejected": _stored(pair.rejected),
        "split": pair.split,
        "group_key": pair.group_key,
        "perturbed": [],
        "gates_failed": [failure.model_dump(mode="json") for failure in pair.gates_failed],
    }


def _stored(trace: Trace | None) -> dict[str, Any] | None:
    return None if trace is None else trace.model_dump(mode="json")


def finish(dataset_id: int, *, format: str, report: dict[str, Any]) -> None:
    """The import is complete: the dataset becomes visible and its pairs are given to people, in one transaction."""
    with write() as session:
        row = session.get_one(Dataset, dataset_id, with_for_update=True)
        if row.state != "importing":
            raise ConflictError(f'dataset "{row.name}" is {row.state}, not being imported')
        row.state, row.format, row.report = "ready", format, report
        session.flush()
        open_dataset_queue(session, dataset_id=dataset_id, title=row.public_title)
