"""The places of a queue item: how many answers it wants, who holds one under a lease, and settling a late answer.

Every claim, save, skip, renewal and undo first takes the row lock of its queue, so what it counts cannot change before
it writes. One lock a queue, and not SKIP LOCKED on items: skipping what somebody else is claiming at this moment would
tell the last comers that nothing is left. (SQLite has one write lock in any case.)

`queue_item.taken` counts the places that are held: by an answer, or by an open assignment; `queue.filled` the items
that have none left. Under the lock, leases that ran out are made "lapsed" first and their places given back, so the
counts are right whenever somebody decides by them.

This is asked at every click of everybody, so its statements are built once and bring rows, not mapped objects: built
anew they took a fifth of the time of executing them, and mapped objects three times as long as rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.blinding import eligibility
from db.blinding.eligibility import QueueFacts
from db.blinding.unseen import require_unread
from db.columns import UtcDateTime, now
from db.tables import Assignment, Queue, QueueItem
from proutt_core.errors import ConflictError, NotAllowed

OPEN = sa.text("assignment.state = 'open'")  # as the index of leases has it
LEASE = timedelta(minutes=15)
ANNOTATE = "annotate"
ANSWERED = ("done", "surplus")
_LOCKED = "locked queue"

Outcome = Literal["counted", "surplus", "already"]


@dataclass
class Held:
    """An assignment and its item, read under the queue's lock; for use inside one transaction only."""

    queue: QueueFacts
    assignment_id: int
    public_id: str
    user_id: int
    state: str
    lease_until: datetime
    left_is: str
    item_id: int
    pair_id: int | None
    people: int
    taken: int

    @property
    def holds_place(self) -> bool:
        return self.state in ("open", "done")


# In the order of Held's fields, without the queue.
HELD = (
    col(Assignment.id),
    col(Assignment.public_id),
    col(Assignment.user_id),
    col(Assignment.state),
    col(Assignment.lease_until),
    col(Assignment.left_is),
    col(QueueItem.id),
    col(QueueItem.pair_id),
    col(QueueItem.people),
    col(QueueItem.taken),
)
# FOR NO KEY UPDATE: rows that only refer to the queue can still be added meanwhile.
_QUEUE = (
    sa.select(*eligibility.QUEUE_FACTS)
    .where(col(Queue.public_id) == sa.bindparam("public_id"))
    .with_for_update(key_share=True)
)
_QUEUE_OF = (
    sa.select(*eligibility.QUEUE_FACTS)
    .join(Assignment, col(Assignment.queue_id) == Queue.id)
    .where(col(Assignment.public_id) == sa.bindparam("public_id"), col(Assignment.user_id) == sa.bindparam("user_id"))
    .with_for_update(key_share=True, of=Queue)
)
_HELD = (
    sa.select(*HELD)
    .join(QueueItem, col(QueueItem.id) == Assignment.queue_item_id)
    .where(col(Assignment.public_id) == sa.bindparam("public_id"))
)
_LAPSE = (
    sa.update(Assignment)
    .where(
        col(Assignment.queue_id) == sa.bindparam("queue"), OPEN, col(Assignment.lease_until) <= sa.bindparam("moment")
    )
    .values(state="lapsed")
    .returning(col(Assignment.queue_item_id), col(Assignment.role))
)
_TAKE = (
    sa.update(QueueItem)
    .where(col(QueueItem.id) == sa.bindparam("item"))
    .values(taken=col(QueueItem.taken) + sa.bindparam("places"))
    .returning(col(QueueItem.people) - col(QueueItem.taken))
)
_FILLED = (
    sa.update(Queue)
    .where(col(Queue.id) == sa.bindparam("queue"))
    .values(filled=col(Queue.filled) + sa.bindparam("items"))
)
_steps = sa.alias(Assignment.__table__)  # type: ignore[attr-defined]
NEXT_STEP = (
    sa.select(sa.func.coalesce(sa.func.max(_steps.c.step), 0) + 1)
    .where(_steps.c.user_id == sa.bindparam("person"), _steps.c.queue_id == sa.bindparam("queue"))
    .scalar_subquery()
)
_MOVE = (
    sa.update(Assignment)
    .where(col(Assignment.id) == sa.bindparam("assignment"))
    .values(
        state=sa.bindparam("to"),
        step=NEXT_STEP,
        answered_at=sa.bindparam("answered", type_=UtcDateTime),
        lease_until=sa.bindparam("until", type_=UtcDateTime),
    )
)
_EXTEND = (
    sa.update(Assignment)
    .where(col(Assignment.id) == sa.bindparam("assignment"))
    .values(state="open", lease_until=sa.bindparam("until", type_=UtcDateTime))
)


def execute(session: Session, statement: Any, params: Mapping[str, Any]) -> Any:
    """Of rows, past the session's objects: what those have changed must be flushed before."""
    return session.connection().execute(statement, dict(params))


def lock_queue(session: Session, public_id: str) -> QueueFacts:
    """The queue, its lock taken and its lapsed places free."""
    known: QueueFacts | None = session.info.get(_LOCKED)
    if known is not None and known.public_id == public_id:
        return known
    row = execute(session, _QUEUE, {"public_id": public_id}).first()
    if row is None:
        raise NotAllowed("There is no such queue.")
    return _locked(session, QueueFacts(*row))


def _locked(session: Session, queue: QueueFacts) -> QueueFacts:
    """Remembered: a session lasts one transaction, and so does the lock."""
    session.info[_LOCKED] = queue
    _free_lapsed_places(session, queue)
    return queue


def lock_all_queues(session: Session) -> None:
    """Until the transaction ends nobody is given anything: whoever comes first is seen, whoever comes after sees."""
    session.exec(select(Queue.id).order_by(col(Queue.id)).with_for_update(key_share=True)).all()


def _free_lapsed_places(session: Session, queue: QueueFacts) -> None:
    for item, role in execute(session, _LAPSE, {"queue": queue.id, "moment": now()}).all():
        if role == ANNOTATE:
            change_taken(session, queue, item, -1)


def change_taken(session: Session, queue: QueueFacts, item_id: int, places: Literal[1, -1]) -> None:
    """Count a place as taken or given back: of the item, and of the queue where the item is filled or no longer so."""
    left = execute(session, _TAKE, {"item": item_id, "places": places}).scalar_one()
    if left == (0 if places == 1 else 1):
        execute(session, _FILLED, {"queue": queue.id, "items": places})


def require_open(queue: QueueFacts) -> None:
    if queue.state != "open":
        raise ConflictError("This queue is closed: it takes no more answers. Choose other work on the home page.")


def hold(session: Session, *, assignment_id: str, user_id: int, kind: str | None = None) -> Held:
    """The assignment with its queue locked. Raises unless it is this person's, of this kind, and the queue is open."""
    row = execute(session, _QUEUE_OF, {"public_id": assignment_id, "user_id": user_id}).first()
    queue = None if row is None else QueueFacts(*row)
    if queue is None or kind not in (None, queue.kind):
        raise NotAllowed("This was not given to you.")
    require_open(queue)
    return Held(_locked(session, queue), *execute(session, _HELD, {"public_id": assignment_id}).one())


def take_place(session: Session, held: Held) -> bool:
    """Count this assignment among the item's places; False where others hold them all."""
    if held.holds_place:
        return True
    if held.taken >= held.people:
        return False
    change_taken(session, held.queue, held.item_id, 1)
    held.taken += 1
    return True


def give_place_back(session: Session, held: Held) -> None:
    if held.holds_place:
        change_taken(session, held.queue, held.item_id, -1)
        held.taken -= 1


def move(session: Session, held: Held, state: str, *, lease: timedelta = LEASE) -> None:
    """Put the assignment into `state` as this person's last step in the queue; its place is the caller's to settle."""
    moment = now()
    held.state, held.lease_until = state, moment + lease if state == "open" else held.lease_until
    values = {
        "assignment": held.assignment_id,
        "to": state,
        "answered": None if state == "open" else moment,
        "until": held.lease_until,
        "person": held.user_id,
        "queue": held.queue.id,
    }
    execute(session, _MOVE, values)


def extend(session: Session, held: Held, lease: timedelta) -> None:
    held.state, held.lease_until = "open", now() + lease
    execute(session, _EXTEND, {"assignment": held.assignment_id, "until": held.lease_until})


def count_or_surplus(session: Session, held: Held) -> Outcome:
    """Take the answer's place, or mark it surplus where others took all places after the lease ran out.

    "already" means that this assignment has its answer: the caller writes nothing.
    """
    if held.state in ANSWERED:
        return "already"
    eligibility.require(session, queue=held.queue, user_id=held.user_id)
    if held.queue.kind == "compare":
        require_unread(session, item_id=held.item_id, user_id=held.user_id)
    counted = take_place(session, held)
    move(session, held, "done" if counted else "surplus")
    return "counted" if counted else "surplus"
