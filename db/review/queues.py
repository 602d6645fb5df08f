"""The one mechanism that hands out work to people: opening a run's queues, claims under a lease, skipping, renewing."""

import random
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.accounts.events import record
from db.blinding import eligibility
from db.columns import now
from db.engine import read, write
from db.review.places import ANNOTATE, LEASE, hold, is_free, lock_queue, require_open, taken_by_others
from db.stored_settings import seed_of
from db.tables import Assignment, Dataset, Job, PreferencePair, Queue, QueueItem, SynthesisItem

SIDES = {"pair": ("chosen", "rejected"), "tree": ("",), "compare": ("a", "b")}
ANSWERED = ["done", "surplus"]


@dataclass(frozen=True)
class Claim:
    """What somebody was given. `assignment_id` is the random public id, all that a browser sees."""

    assignment_id: str
    kind: str


@dataclass(frozen=True)
class Waiting:
    """Work in one queue as one person sees it: `total` is what this person did plus what can still be given."""

    queue_public_id: str
    kind: str
    title: str
    done: int
    total: int
    available: int


def claim_next(*, queue_public_id: str, user_id: int, lease: timedelta = LEASE) -> Claim | None:
    """Give this person the next thing of the queue, or None when nothing is left for this person.

    First what this person has open (its lease renewed), then the next item in the frozen order that still wants people
    and that this person never had, and at last what this person skipped, longest ago first.
    Raises ConflictError when the queue is not open, NotAllowed when this person may not work in it.
    """
    with write() as session:
        queue = lock_queue(session, queue_public_id)
        require_open(queue)
        eligibility.require(session, queue=queue, user_id=user_id)
        assignment = (
            _mine(session, queue, user_id, state="open")
            or _fresh(session, queue, user_id)
            or _mine(session, queue, user_id, state="skipped")
        )
        if assignment is None:
            return None
        _extend(session, assignment, lease)
        return Claim(assignment_id=assignment.public_id, kind=queue.kind)


def _mine(session: Session, queue: Queue, user_id: int, *, state: str) -> Assignment | None:
    """My open or skipped assignment whose place I still hold or can have back."""
    moment = now()
    in_force = sa.and_(col(Assignment.state) == "open", col(Assignment.lease_until) > moment)
    # What was touched last comes first (an undone answer before the case after it); skipped ones as they were skipped.
    order = col(Assignment.lease_until).desc() if state == "open" else col(Assignment.answered_at)
    return session.exec(
        select(Assignment)
        .join(QueueItem, col(QueueItem.id) == Assignment.queue_item_id)
        .where(
            QueueItem.queue_id == queue.id,
            Assignment.user_id == user_id,
            Assignment.role == ANNOTATE,
            Assignment.state == state,
            sa.or_(in_force, taken_by_others(user_id, moment) < col(QueueItem.people)),
            *eligibility.visible(session, queue=queue, user_id=user_id),
        )
        .order_by(order, col(Assignment.id))
        .limit(1)
    ).first()


def _fresh(session: Session, queue: Queue, user_id: int) -> Assignment | None:
    item = session.exec(
        select(QueueItem)
        .where(
            QueueItem.queue_id == queue.id,
            ~_has_had(user_id),
            taken_by_others(user_id, now()) < col(QueueItem.people),
            *eligibility.visible(session, queue=queue, user_id=user_id),
        )
        .order_by(col(QueueItem.position))
        .limit(1)
    ).first()
    if item is None or item.id is None:
        return None
    # Not seeded: whoever knew the seed could work out which method is on the left.
    return Assignment(queue_item_id=item.id, user_id=user_id, role=ANNOTATE, left_is=secrets.choice(SIDES[queue.kind]))


def _has_had(user_id: int, *conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """For each `queue_item` row: whether this person ever had it."""
    return (
        sa.exists()
        .where(
            col(Assignment.queue_item_id) == col(QueueItem.id),
            col(Assignment.user_id) == user_id,
            col(Assignment.role) == ANNOTATE,
            *conditions,
        )
        .correlate(QueueItem)
    )


def _extend(session: Session, assignment: Assignment, lease: timedelta) -> None:
    # Every rerun of a page claims anew; a lease that has hardly begun needs no write to disk.
    fresh = assignment.id is not None and assignment.lease_until > now() + lease * 0.9
    if assignment.state == "open" and fresh:
        return
    assignment.state = "open"
    assignment.answered_at = None
    assignment.lease_until = now() + lease
    session.add(assignment)


def renew(*, assignment_id: str, user_id: int, lease: timedelta = LEASE) -> bool:
    """Hold the place a while longer. False when it is lost: answered, skipped, or taken after the lease ran out."""
    with write() as session:
        held = hold(session, assignment_id=assignment_id, user_id=user_id)
        moment = now()
        if held.assignment.state != "open":
            return False
        if held.assignment.lease_until <= moment and not is_free(session, held, moment):
            return False
        held.assignment.lease_until = moment + lease
        session.add(held.assignment)
        return True


def skip(*, assignment_id: str, user_id: int) -> bool:
    """Give it back for later. False when it was answered or skipped already (a second click)."""
    with write() as session:
        held = hold(session, assignment_id=assignment_id, user_id=user_id)
        if held.assignment.state != "open":
            return False
        held.assignment.state = "skipped"
        held.assignment.answered_at = now()
        session.add(held.assignment)
        record(
            session,
            user_id=user_id,
            kind="skip",
            subject=f"assignment:{assignment_id}",
            detail={"queue": held.queue.public_id},
        )
        return True


def waiting_for(user_id: int) -> list[Waiting]:
    """Every open queue this person may work in, oldest first, also those where nothing is left to do."""
    with read() as session:
        queues = session.exec(select(Queue).where(Queue.state == "open").order_by(col(Queue.id))).all()
        return [
            progress_in(session, queue, user_id)
            for queue in queues
            if eligibility.refusal(session, queue=queue, user_id=user_id) is None
        ]


def titles(*, kind: str, user_id: int) -> tuple[tuple[str, str], ...]:
    """(public id, public title) of the open queues of one kind this person may work in, oldest first."""
    with read() as session:
        queues = session.exec(select(Queue).where(Queue.state == "open", Queue.kind == kind).order_by(col(Queue.id)))
        return tuple(
            (queue.public_id, queue.public_title)
            for queue in queues
            if eligibility.refusal(session, queue=queue, user_id=user_id) is None
        )


def progress(*, queue_public_id: str, user_id: int) -> Waiting:
    with read() as session:
        queue = session.exec(select(Queue).where(Queue.public_id == queue_public_id)).one()
        return progress_in(session, queue, user_id)


def progress_in(session: Session, queue: Queue, user_id: int) -> Waiting:
    moment = now()
    done = session.exec(
        select(sa.func.count(col(Assignment.id)))
        .join(QueueItem, col(QueueItem.id) == Assignment.queue_item_id)
        .where(
            QueueItem.queue_id == queue.id,
            Assignment.user_id == user_id,
            Assignment.role == ANNOTATE,
            col(Assignment.state).in_(ANSWERED),
        )
    ).one()
    available = session.exec(
        select(sa.func.count(col(QueueItem.id))).where(
            QueueItem.queue_id == queue.id,
            ~(_has_had(user_id, col(Assignment.state).in_(ANSWERED))),
            taken_by_others(user_id, moment) < col(QueueItem.people),
            *eligibility.visible(session, queue=queue, user_id=user_id),
        )
    ).one()
    return Waiting(
        queue_public_id=queue.public_id,
        kind=queue.kind,
        title=queue.public_title,
        done=done,
        total=done + available,
        available=available,
    )


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
