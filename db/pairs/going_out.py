"""Reading what an export needs, and recording what went out."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlmodel import Session, col, select

from db.accounts.events import record
from db.columns import row_id
from db.engine import read, write
from db.stored_settings import without_of
from db.tables import (
    Assignment,
    Dataset,
    DialogueRow,
    Export,
    ExportRow,
    Job,
    PairReview,
    PreferencePair,
    QueueItem,
    SampleRow,
    SynthesisItem,
)
from proutt_core.errors import InputError
from proutt_core.types import Message, PairReviewValue, ReviewedPair, Split, Trace, VerbatimPair

BATCH = 500

_messages = TypeAdapter(tuple[Message, ...])


@dataclass(frozen=True)
class PairsOf:
    """Whose pairs an export takes: those of a run, or those a dataset was imported with. One of the ids is set."""

    name: str
    dataset: str  # whose texts they hold
    redistributable: bool  # whether these texts may be passed on
    job_id: int | None = None
    dataset_id: int | None = None
    without: tuple[str, ...] = ()  # what the run left out of the method


class StoredPair(NamedTuple):
    """A pair whose traces are still the JSON text they are stored as: most go out unchanged and need not be checked."""

    pair: ReviewedPair  # without traces
    chosen: str | None
    rejected: str | None

    def whole(self) -> ReviewedPair:
        texts = {"chosen": self.chosen, "rejected": self.rejected}
        traces = {side: Trace.model_validate_json(text) for side, text in texts.items() if text is not None}
        return self.pair.model_copy(update=traces)


def run_id(name: str) -> int:
    """The synthesis run of that name. Raises InputError naming the runs there are."""
    with read() as session:
        job_id = session.exec(select(Job.id).where(Job.kind == "synthesis", Job.name == name)).first()
        if job_id is None:
            names = session.exec(select(Job.name).where(Job.kind == "synthesis").order_by(Job.name)).all()
            known = ", ".join(names) or "none yet; make one with `synthesize`"
            raise InputError(f'no synthesis run is named "{name}"; there are: {known}')
        return job_id


def pairs_of_run(name: str) -> PairsOf:
    """InputError naming the runs there are."""
    job_id = run_id(name)
    with read() as session:
        job = session.get_one(Job, job_id)
        dataset = None if job.dataset_id is None else session.get_one(Dataset, job.dataset_id)
        return PairsOf(
            name=name,
            dataset=dataset.name if dataset else "",
            redistributable=dataset is None or dataset.redistributable,
            job_id=job_id,
            without=without_of(job.settings),
        )


def pairs_of_dataset(name: str) -> PairsOf:
    """InputError where no dataset of that name holds imported pairs, naming those that do."""
    with read() as session:
        datasets = select(Dataset).where(Dataset.kind == "pairs", Dataset.state == "ready").order_by(Dataset.name)
        rows = session.exec(datasets).all()
        dataset = next((row for row in rows if row.name == name), None)
        if dataset is None:
            known = ", ".join(row.name for row in rows) or "none yet; make one with `import`"
            raise InputError(f'no dataset of imported pairs is named "{name}"; there are: {known}')
        return PairsOf(name=name, dataset=name, redistributable=dataset.redistributable, dataset_id=dataset.id)


# Columns and not rows, and JSON as text: 50,000 pairs are read several times as fast.
_PAIR = (
    col(PreferencePair.id),
    col(PreferencePair.split),
    sa.cast(col(PreferencePair.gates_failed), sa.Text),
    sa.cast(col(PreferencePair.chosen), sa.Text),
    sa.cast(col(PreferencePair.rejected), sa.Text),
)
_SAMPLE = (
    col(DialogueRow.external_id),
    sa.cast(col(DialogueRow.messages), sa.Text),
    col(SampleRow.target_index),
)
_IMPORTED = (col(PreferencePair.source_row), sa.cast(col(PreferencePair.verbatim), sa.Text))


def pairs_in_run(job_id: int, *, split: Split | None = None) -> Iterator[StoredPair]:
    """A run's pairs in its seeded order, of one split if that is given, with the last revision of each person's
    review; the traces are not read yet."""
    with read() as session:
        without = without_of(session.get_one(Job, job_id).settings)
        ids = session.exec(
            select(PreferencePair.id)
            .join(SynthesisItem, col(SynthesisItem.id) == PreferencePair.item_id)
            .where(PreferencePair.job_id == job_id, _in_split(split))
            .order_by(col(SynthesisItem.position), col(PreferencePair.id))
        ).all()
        statement = (
            sa.select(*_PAIR, *_SAMPLE)
            .join(SynthesisItem, col(SynthesisItem.id) == PreferencePair.item_id)
            .join(SampleRow, col(SampleRow.id) == SynthesisItem.sample_id)
            .join(DialogueRow, col(DialogueRow.id) == SampleRow.dialogue_id)
        )
        for row, reviews in _rows(session, statement, ids):
            *pair, external_id, messages, target = row
            yield _pair(
                pair,
                reviews,
                external_id=external_id,
                target_index=target,
                context=_messages.validate_python(orjson.loads(messages)[:target]),
                without=without,
            )


def pairs_in_dataset(dataset_id: int, *, split: Split | None = None) -> Iterator[StoredPair]:
    """Every imported pair of a dataset, of one split if wanted, in its file's order, with reviews as above."""
    with read() as session:
        ids = session.exec(
            select(PreferencePair.id)
            .where(PreferencePair.dataset_id == dataset_id, _in_split(split))
            .order_by(col(PreferencePair.source_row))
        ).all()
        for row, reviews in _rows(session, sa.select(*_PAIR, *_IMPORTED), ids):
            *pair, source_row, verbatim = row
            yield _pair(
                pair,
                reviews,
                external_id="",
                source_row=source_row,
                imported=True,
                verbatim=VerbatimPair.model_validate_json(verbatim),
            )


def _in_split(split: Split | None) -> sa.ColumnElement[bool]:
    return sa.true() if split is None else col(PreferencePair.split) == split


def _rows(
    session: Session, statement: Any, ids: Sequence[int | None]
) -> Iterator[tuple[tuple[Any, ...], list[PairReviewValue]]]:
    """The rows of these pairs in this order, read in batches, each with its reviews."""
    for start in range(0, len(ids), BATCH):
        batch = [i for i in ids[start : start + BATCH] if i is not None]
        reviews = _reviews(session, batch)
        rows: Any = session.connection().execute(statement.where(col(PreferencePair.id).in_(batch)))
        by_id = {row[0]: tuple(row) for row in rows}
        for pair_id in batch:  # made one by one: hundreds alive at once keep the garbage collector busy
            yield by_id[pair_id], reviews.get(pair_id, [])


def _pair(row: Sequence[Any], reviews: list[PairReviewValue], **more: Any) -> StoredPair:
    pair_id, split, gates_failed, chosen, rejected = row
    failed = () if gates_failed == "[]" else tuple(failure["gate"] for failure in json.loads(gates_failed))
    pair = ReviewedPair(pair_id=pair_id, split=split, gates_failed=failed, reviews=tuple(reviews), **more)
    return StoredPair(pair, _text_of_trace(chosen), _text_of_trace(rejected))


def _text_of_trace(stored: str | None) -> str | None:
    # Nothing is stored as JSON's null where a row was added as an object, as SQL's NULL where it was not.
    return None if stored == "null" else stored


def _reviews(session: Session, pair_ids: list[int]) -> dict[int, list[PairReviewValue]]:
    rows = session.exec(
        select(QueueItem.pair_id, Assignment.id, Assignment.role, PairReview)
        .join(Assignment, col(Assignment.queue_item_id) == QueueItem.id)
        .join(PairReview, col(PairReview.assignment_id) == Assignment.id)
        .where(col(QueueItem.pair_id).in_(pair_ids), Assignment.state == "done")
        .order_by(col(Assignment.id), col(PairReview.revision))
    ).all()
    last: dict[int, tuple[int, str, PairReview]] = {}
    for pair_id, assignment_id, role, review in rows:
        if pair_id is not None and assignment_id is not None:
            last[assignment_id] = (pair_id, role, review)
    grouped: dict[int, list[PairReviewValue]] = {}
    for pair_id, role, review in sorted(last.values(), key=lambda entry: entry[2].id or 0):
        if review.answer != "withdrawn":
            grouped.setdefault(pair_id, []).append(_review_value(review, role))
    return grouped


def _review_value(review: PairReview, role: str) -> PairReviewValue:
    return PairReviewValue.model_validate(
        {
            "review_id": review.id,
            "adjudicated": role == "adjudicate",
            "answer": review.answer,
            "chosen": _trace(review.chosen),
            "rejected": _trace(review.rejected),
        }
    )


def _trace(stored: dict[str, Any] | None) -> Trace | None:
    # Stored JSON has lists where the type has tuples: lax validation reads them back.
    return None if stored is None else Trace.model_validate(stored)


def record_export(
    *,
    kind: str,
    format: str,
    status: str,
    path: str,
    sha256: str,
    sent: list[tuple[int, int | None]],
    job_id: int | None = None,
    dataset_id: int | None = None,
    settings: dict[str, Any] | None = None,
    user_id: int | None = None,
) -> int:
    """Note an export and its rows: (pair id, id of the review whose wording went out or None)."""
    with write() as session:
        export = Export(
            job_id=job_id,
            dataset_id=dataset_id,
            kind=kind,
            format=format,
            status=status,
            path=path,
            rows=len(sent),
            sha256=sha256,
            settings=settings or {},
            created_by=user_id,
        )
        session.add(export)
        session.flush()
        export_id = row_id(export.id)
        rows = [{"export_id": export_id, "pair_id": pair, "review_id": review} for pair, review in sent]
        if rows:
            session.connection().execute(ExportRow.__table__.insert(), rows)  # type: ignore[attr-defined]
        detail = {"kind": kind, "format": format, "status": status, "rows": len(sent), "sha256": sha256}
        record(session, user_id=user_id, kind="export", subject=path, detail=detail | (settings or {}))
        return export_id
