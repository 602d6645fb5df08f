"""Reading what an export needs, and recording what went out."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.columns import row_id
from db.engine import read, write
from db.events import record
from db.models import (
    Assignment,
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
from proutt_core.types import Message, PairReviewValue, ReviewedPair, Trace, VerbatimPair

BATCH = 200


def run_id(name: str) -> int:
    """The synthesis run of that name. Raises InputError naming the runs there are."""
    with read() as session:
        found = session.exec(select(Job.id).where(Job.kind == "synthesis", Job.name == name)).first()
        if found is None:
            names = session.exec(select(Job.name).where(Job.kind == "synthesis").order_by(Job.name)).all()
            known = ", ".join(names) or "none yet; make one with `synthesize`"
            raise InputError(f'no synthesis run is named "{name}"; there are: {known}')
        return found


def reviewed_pairs(job_id: int) -> Iterator[ReviewedPair]:
    """Every pair of a run in its seeded order, with the last revision of each person's review."""
    with read() as session:
        statement = (
            select(PreferencePair.id)
            .join(SynthesisItem, col(SynthesisItem.id) == PreferencePair.item_id)
            .where(PreferencePair.job_id == job_id)
            .order_by(col(SynthesisItem.position), col(PreferencePair.id))
        )
        ids = list(session.exec(statement).all())
        for start in range(0, len(ids), BATCH):
            yield from _pairs(session, [i for i in ids[start : start + BATCH] if i is not None])


# Columns and not rows, and traces as text: 50,000 pairs are read four times as fast.
COLUMNS = (
    col(PreferencePair.id),
    col(PreferencePair.split),
    col(PreferencePair.source_row),
    col(PreferencePair.verbatim),
    col(PreferencePair.gates_failed),
    sa.cast(col(PreferencePair.chosen), sa.Text),
    sa.cast(col(PreferencePair.rejected), sa.Text),
    col(DialogueRow.external_id),
    col(DialogueRow.messages),
    col(SampleRow.target_index),
)


def _pairs(session: Session, ids: list[int]) -> Iterator[ReviewedPair]:
    reviews = _reviews(session, ids)
    rows: Any = session.connection().execute(
        sa.select(*COLUMNS)
        .join(SynthesisItem, col(SynthesisItem.id) == PreferencePair.item_id)
        .join(SampleRow, col(SampleRow.id) == SynthesisItem.sample_id)
        .join(DialogueRow, col(DialogueRow.id) == SampleRow.dialogue_id)
        .where(col(PreferencePair.id).in_(ids))
    )
    by_id = {row[0]: tuple(row) for row in rows}
    for pair_id in ids:  # made one by one: hundreds alive at once keep the garbage collector busy
        yield _pair(by_id[pair_id], reviews.get(pair_id, []))


def _pair(row: tuple[Any, ...], reviews: list[PairReviewValue]) -> ReviewedPair:
    pair_id, split, source_row, verbatim, gates_failed, chosen, rejected, external_id, messages, target = row
    return ReviewedPair(
        pair_id=pair_id,
        external_id=external_id,
        split=split,
        context=tuple(Message.model_validate(m) for m in messages[:target]),
        chosen=_trace_of_text(chosen),
        rejected=_trace_of_text(rejected),
        verbatim=None if verbatim is None else VerbatimPair.model_validate(verbatim),
        gates_failed=tuple(g["gate"] for g in gates_failed),
        imported=source_row is not None,
        reviews=tuple(reviews),
    )


def _trace_of_text(stored: str | None) -> Trace | None:
    # Nothing is stored as JSON's null where a row was added as an object, as SQL's NULL where it was not.
    return None if stored is None or stored == "null" else Trace.model_validate_json(stored)


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
    job_id: int,
    kind: str,
    format: str,
    status: str,
    path: str,
    sha256: str,
    sent: list[tuple[int, int | None]],
    user_id: int | None = None,
) -> int:
    """Note an export and its rows: (pair id, id of the review whose wording went out or None)."""
    with write() as session:
        export = Export(
            job_id=job_id,
            kind=kind,
            format=format,
            status=status,
            path=path,
            rows=len(sent),
            sha256=sha256,
            created_by=user_id,
        )
        session.add(export)
        session.flush()
        export_id = row_id(export.id)
        rows = [{"export_id": export_id, "pair_id": pair, "review_id": review} for pair, review in sent]
        if rows:
            session.connection().execute(ExportRow.__table__.insert(), rows)  # type: ignore[attr-defined]
        detail = {"kind": kind, "format": format, "status": status, "rows": len(sent), "sha256": sha256}
        record(session, user_id=user_id, kind="export", subject=path, detail=detail)
        return export_id
