"""The places of a queue item: how many answers it wants, who holds one under a lease, and settling a late answer.

Every claim, save, skip, renewal and undo first takes the row lock of its queue, so what it counts cannot change before
it writes. One lock a queue, and not SKIP LOCKED on items: skipping what somebody else is claiming at this moment would
tell the last comers that nothing is left. (SQLite has one write lock in any case.)
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.blinding import eligibility
from db.columns import now
from db.tables import Assignment, Queue, QueueItem
from proutt_core.errors import ConflictError, NotAllowed

LEASE = timedelta(minutes=15)
ANNOTATE = "annotate"

Outcome = Literal["counted", "surplus", "already"]


@dataclass(frozen=True)
class Held:
    """An assignment under its queue's lock; for use inside one transaction only."""

    queue: Queue
    item: QueueItem
    assignment: Assignment


def lock_queue(session: Session, public_id: str) -> Queue:
    queue = session.exec(
        # FOR NO KEY UPDATE: rows that only refer to the queue can still be added meanwhile.
        select(Queue).where(Queue.public_id == public_id).with_for_update(key_share=True)
    ).first()
    if queue is None:
        raise NotAllowed("There is no such queue.")
    return queue


def require_open(queue: Queue) -> None:
    if queue.state != "open":
        raise ConflictError("This queue is closed: it takes no more answers. Choose other work on the home page.")


def hold(session: Session, *, assignment_id: str, user_id: int, kind: str | None = None) -> Held:
    """The assignment with its queue locked. Raises unless it is this person's, of this kind, and the queue is open."""
    queue_public_id = session.exec(
        select(Queue.public_id)
        .join(QueueItem, col(QueueItem.queue_id) == Queue.id)
        .join(Assignment, col(Assignment.queue_item_id) == QueueItem.id)
        .where(Assignment.public_id == assignment_id, Assignment.user_id == user_id)
    ).first()
    if queue_public_id is None:
        raise NotAllowed("This was not given to you.")
    queue = lock_queue(session, queue_public_id)
    if kind is not None and queue.kind != kind:
        raise NotAllowed("This was not given to you.")
    require_open(queue)
    assignment = session.exec(select(Assignment).where(Assignment.public_id == assignment_id)).one()
    return Held(queue=queue, item=session.get_one(QueueItem, assignment.queue_item_id), assignment=assignment)


def taken_by_others(user_id: int, moment: datetime) -> Any:
    """For each `queue_item` row: answers given plus leases in force, without this person's own."""
    return (
        select(sa.func.count(col(Assignment.id)))
        .where(
            col(Assignment.queue_item_id) == col(QueueItem.id),
            Assignment.user_id != user_id,
            Assignment.role == ANNOTATE,
            sa.or_(
                col(Assignment.state) == "done",
                sa.and_(col(Assignment.state) == "open", col(Assignment.lease_until) > moment),
            ),
        )
        .correlate(QueueItem)
        .scalar_subquery()
    )


def is_free(session: Session, held: Held, moment: datetime) -> bool:
    taken = session.exec(
        select(taken_by_others(held.assignment.user_id, moment)).where(QueueItem.id == held.item.id)
    ).one()
    return bool(taken < held.item.people)


def count_or_surplus(session: Session, held: Held) -> Outcome:
    """Take the answer's place, or mark it surplus where others took all places after the lease ran out.

    "already" means that this assignment has its answer: the caller writes nothing.
    """
    assignment, moment = held.assignment, now()
    if assignment.state in ("done", "surplus"):
        return "already"
    eligibility.require(session, queue=held.queue, user_id=assignment.user_id)
    live = assignment.state == "open" and assignment.lease_until > moment
    counted = live or is_free(session, held, moment)
    assignment.state = "done" if counted else "surplus"
    assignment.answered_at = moment
    session.add(assignment)
    return "counted" if counted else "surplus"
