"""Opening the queues of a run or of imported pairs, and adding to them what was made since."""

import random
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.accounts.events import record
from db.blinding.answers_shown import note_new_items
from db.columns import row_id
from db.stored_settings import seed_of
from db.tables import Dataset, Job, PreferencePair, Queue, QueueItem, SynthesisItem


def open_queues_of_run(session: Session, job_id: int) -> None:
    """Open the run's queues under the public title of its dataset, inside the caller's transaction."""
    title = session.exec(
        select(Dataset.public_title).join(Job, col(Job.dataset_id) == Dataset.id).where(Job.id == job_id)
    ).one()
    open_run_queues(session, job_id=job_id, title=title)


def open_run_queues(session: Session, *, job_id: int, title: str) -> None:
    """Open the run's pair and tree queues under the public `title`, inside the caller's transaction.

    Calling it again adds nothing twice; items that a longer run of the same name made since are added at the end.
    """
    # Two workers may end one run at the same moment.
    job = session.exec(select(Job).where(Job.id == job_id).with_for_update(key_share=True)).one()
    pairs = session.exec(
        select(PreferencePair.id)
        .join(SynthesisItem, col(SynthesisItem.id) == PreferencePair.item_id)
        .where(SynthesisItem.job_id == job_id, SynthesisItem.state == "done")
        .order_by(col(SynthesisItem.position), col(SynthesisItem.variant))
    ).all()
    items = session.exec(
        select(SynthesisItem.id)
        .where(SynthesisItem.job_id == job_id, SynthesisItem.state == "done")
        .order_by(col(SynthesisItem.position), col(SynthesisItem.variant))
    ).all()
    order = f"{job.name}:{seed_of(job.settings)}"
    for kind, subject, ids in (("pair", "pair_id", pairs), ("tree", "item_id", items)):
        queue = Queue(kind=kind, public_title=title, job_id=job.id, everyone=True)
        subjects = [i for i in ids if i is not None]
        _fill(session, queue, subject=subject, subjects=subjects, order=order, opened_by=job.created_by)


def open_dataset_queue(session: Session, *, dataset_id: int, title: str) -> None:
    """Open the queue of a dataset's imported pairs, inside the caller's transaction; again adds nothing twice."""
    dataset = session.exec(select(Dataset).where(Dataset.id == dataset_id).with_for_update(key_share=True)).one()
    pairs = session.exec(
        select(PreferencePair.id)
        .where(PreferencePair.dataset_id == dataset_id)
        .order_by(col(PreferencePair.source_row))
    ).all()
    queue = Queue(kind="pair", public_title=title, dataset_id=dataset_id, everyone=True)
    subjects = [i for i in pairs if i is not None]
    order = f"{dataset.name}:{seed_of(dataset.settings)}"
    _fill(session, queue, subject="pair_id", subjects=subjects, order=order, opened_by=None)


def _fill(
    session: Session, queue: Queue, *, subject: str, subjects: list[int], order: str, opened_by: int | None
) -> None:
    """Add to the queue of this kind that the run or dataset has, or else open `queue`."""
    existing = session.exec(
        select(Queue).where(
            Queue.kind == queue.kind, Queue.job_id == queue.job_id, Queue.dataset_id == queue.dataset_id
        )
    ).first()
    if existing is None:
        if not subjects:
            return
        session.add(queue)
        session.flush()
        record(
            session,
            user_id=opened_by,
            kind="queue_open",
            subject=f"queue:{queue.public_id}",
            detail={"kind": queue.kind},
        )
    else:
        queue = existing
    filled = set(session.exec(select(getattr(QueueItem, subject)).where(QueueItem.queue_id == queue.id)).all())
    fresh = [subject_id for subject_id in subjects if subject_id not in filled]
    # Seeded by the run or dataset and not by ids, so that the order is the same on every database.
    random.Random(f"{queue.kind}:{order}:{len(filled)}").shuffle(fresh)
    rows: list[dict[str, Any]] = [
        {"queue_id": queue.id, "position": len(filled) + n, subject: subject_id, "people": 1, "treatment": "plain"}
        for n, subject_id in enumerate(fresh)
    ]
    if rows:
        session.connection().execute(sa.insert(QueueItem), rows)
        note_new_items(session, queue_id=row_id(queue.id), first_position=len(filled))
