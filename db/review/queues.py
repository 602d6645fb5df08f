"""The one mechanism that hands out work to people: claims under a lease, skipping, renewing, how far one is."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any, Literal

import sqlalchemy as sa
from sqlmodel import Session, col

from db.accounts.events import record
from db.blinding import eligibility
from db.blinding.eligibility import QUEUE_FACTS, QueueFacts, Standing
from db.blinding.unseen import Rule, Unseen, items_in_question, shows_answer, unseen
from db.columns import now, random_id
from db.engine import read, write
from db.review.places import (
    ANNOTATE,
    ANSWERED,
    HELD,
    LEASE,
    NEXT_STEP,
    OPEN,
    Held,
    change_taken,
    execute,
    extend,
    give_place_back,
    hold,
    lock_queue,
    move,
    require_open,
    take_place,
)
from db.tables import Assignment, Queue, QueueItem

# As its index has it, so that the index is used.
FREE, FULL = sa.text("queue_item.taken < queue_item.people"), sa.text("queue_item.taken >= queue_item.people")
SIDES = {"pair": ("chosen", "rejected"), "tree": ("",), "compare": ("a", "b")}


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
        person = eligibility.require(session, queue=queue, user_id=user_id)
        hidden = unseen(session, queue=queue, person=person)
        return (
            _have_back(session, _mine(session, queue, person, hidden, "open"), lease)
            or _fresh(session, queue, person, hidden, lease)
            or _have_back(session, _mine(session, queue, person, hidden, "skipped"), lease)
        )


@cache
def _mine_statement(state: Literal["open", "skipped"], rule: Rule) -> Any:
    """My assignment in this state whose place I still hold or can have back."""
    states = ["skipped"] if state == "skipped" else ["open", "lapsed"]
    # What was touched last comes first (an undone answer before the case after it); skipped ones as they were skipped.
    order = col(Assignment.step).asc() if state == "skipped" else col(Assignment.step).desc()
    return (
        sa.select(*HELD)
        .join(QueueItem, col(QueueItem.id) == Assignment.queue_item_id)
        .where(
            col(Assignment.user_id) == sa.bindparam("user_id"),
            col(Assignment.queue_id) == sa.bindparam("queue"),
            col(Assignment.role) == ANNOTATE,
            col(Assignment.state).in_(states),
            sa.or_(col(Assignment.state) == "open", FREE),
            ~shows_answer(rule),
        )
        .order_by(order)
        .limit(1)
    )


def _mine(
    session: Session, queue: QueueFacts, person: Standing, hidden: Unseen, state: Literal["open", "skipped"]
) -> Held | None:
    params = {"user_id": person.user_id, "queue": queue.id} | hidden.params
    row = execute(session, _mine_statement(state, hidden.rule), params).first()
    return None if row is None else Held(queue, *row)


def _has_had(*states: str) -> sa.ColumnElement[bool]:
    """For each `queue_item` row: whether this person (`user_id`) ever had it; with `states`, has it in one of them."""
    return (
        sa.exists()
        .where(
            col(Assignment.queue_item_id) == col(QueueItem.id),
            col(Assignment.user_id) == sa.bindparam("user_id"),
            col(Assignment.role) == ANNOTATE,
            *([col(Assignment.state).in_(states)] if states else []),
        )
        .correlate(QueueItem)
    )


@cache
def _fresh_statement(rule: Rule) -> Any:
    return (
        sa.select(col(QueueItem.id))
        .where(col(QueueItem.queue_id) == sa.bindparam("queue"), FREE, ~_has_had(), ~shows_answer(rule))
        .order_by(col(QueueItem.position))
        .limit(1)
    )


_GIVE = sa.insert(Assignment).values(step=NEXT_STEP)


def _fresh(session: Session, queue: QueueFacts, person: Standing, hidden: Unseen, lease: timedelta) -> Claim | None:
    """A place of the next free item, taken; None where there is none."""
    params = {"user_id": person.user_id, "queue": queue.id} | hidden.params
    item = execute(session, _fresh_statement(hidden.rule), params).scalar()
    if item is None:
        return None
    moment, public_id = now(), random_id()
    values = {
        "public_id": public_id,
        "queue_item_id": item,
        "queue_id": queue.id,
        "role": ANNOTATE,
        "state": "open",
        # Not seeded: whoever knew the seed could work out which method is on the left.
        "left_is": secrets.choice(SIDES[queue.kind]),
        "draft": {},
        "lease_until": moment + lease,
        "given_at": moment,
    }
    execute(session, _GIVE, values | {"queue": queue.id, "person": person.user_id, "user_id": person.user_id})
    change_taken(session, queue, item, 1)
    return Claim(assignment_id=public_id, kind=queue.kind)


def _have_back(session: Session, held: Held | None, lease: timedelta) -> Claim | None:
    if held is None:
        return None
    if held.state != "open":
        take_place(session, held)
        move(session, held, "open", lease=lease)
    elif held.lease_until < now() + lease * 0.9:
        # Every rerun of a page claims anew; a lease that has hardly begun needs no write to disk.
        extend(session, held, lease)
    return Claim(assignment_id=held.public_id, kind=held.queue.kind)


def renew(*, assignment_id: str, user_id: int, lease: timedelta = LEASE) -> bool:
    """Hold the place a while longer. False when it is lost: answered, skipped, or taken after the lease ran out."""
    with write() as session:
        held = hold(session, assignment_id=assignment_id, user_id=user_id)
        if held.state not in ("open", "lapsed") or not take_place(session, held):
            return False
        extend(session, held, lease)
        return True


def skip(*, assignment_id: str, user_id: int) -> bool:
    """Give it back for later. False when it was answered or skipped already (a second click)."""
    with write() as session:
        held = hold(session, assignment_id=assignment_id, user_id=user_id)
        if held.state not in ("open", "lapsed"):
            return False
        give_place_back(session, held)
        move(session, held, "skipped")
        detail = {"queue": held.queue.public_id}
        record(session, user_id=user_id, kind="skip", subject=f"assignment:{assignment_id}", detail=detail)
        return True


def titles(*, kind: str, user_id: int) -> tuple[tuple[str, str], ...]:
    """(public id, public title) of the open queues of one kind this person may work in, oldest first."""
    with read() as session:
        queues = _queues_for(session, eligibility.standing(session, user_id), kind)
        return tuple((queue.public_id, queue.public_title) for queue in queues)


def waiting_for(user_id: int) -> list[Waiting]:
    """Every open queue this person may work in, oldest first, also those where nothing is left to do."""
    with read() as session:
        person = eligibility.standing(session, user_id)
        return [progress_in(session, queue, person) for queue in _queues_for(session, person)]


def progress(*, queue_public_id: str, user_id: int) -> Waiting:
    with read() as session:
        queue = QueueFacts(*execute(session, _QUEUE, {"public_id": queue_public_id}).one())
        return progress_in(session, queue, eligibility.standing(session, user_id))


_QUEUE = sa.select(*QUEUE_FACTS).where(col(Queue.public_id) == sa.bindparam("public_id"))
_OPEN_QUEUES = sa.select(*QUEUE_FACTS).where(col(Queue.state) == "open").order_by(col(Queue.id))


def _queues_for(session: Session, person: Standing, kind: str | None = None) -> Iterator[QueueFacts]:
    for queue in [QueueFacts(*row) for row in execute(session, _OPEN_QUEUES, {})]:
        if kind in (None, queue.kind) and eligibility.refusal(session, queue=queue, person=person) is None:
            yield queue


def _count(*where: Any) -> Any:
    return sa.select(sa.func.count(col(Assignment.id))).where(
        col(Assignment.user_id) == sa.bindparam("user_id"),
        col(Assignment.queue_id) == sa.bindparam("queue"),
        col(Assignment.role) == ANNOTATE,
        *where,
    )


_ITS_ITEM = col(QueueItem.id) == Assignment.queue_item_id
_BY_ME = col(Assignment.state).in_(ANSWERED)
# For each `queue_item` row: whether somebody else's lease of it ran out since the last claim.
_LAPSED = (
    OPEN,
    col(Assignment.lease_until) <= sa.bindparam("moment"),
    col(Assignment.user_id) != sa.bindparam("user_id"),
)
# What can be given is what is free, without what this person answered, and with what is full only by this person's own
# hold or by a lease of somebody else that ran out since the last claim.
_PROGRESS = sa.select(
    _count(_BY_ME).scalar_subquery(),
    sa.select(sa.func.coalesce(sa.func.max(col(QueueItem.position)) + 1, 0))
    .where(col(QueueItem.queue_id) == sa.bindparam("queue"))
    .scalar_subquery(),
    sa.select(col(Queue.filled)).where(col(Queue.id) == sa.bindparam("queue")).scalar_subquery(),
    _count(_ITS_ITEM, _BY_ME, FREE).scalar_subquery(),
    _count(_ITS_ITEM, OPEN, FULL).scalar_subquery(),
    sa.select(sa.func.count(sa.distinct(col(Assignment.queue_item_id))))
    .where(
        _ITS_ITEM,
        col(Assignment.queue_id) == sa.bindparam("queue"),
        *_LAPSED,
        FULL,
        ~_has_had("open", *ANSWERED),
    )
    .scalar_subquery(),
)


@cache
def _hidden_statement(rule: Rule) -> Any:
    """How many of these are kept from the person: of the few items that show an answer, not of all."""
    return sa.select(sa.func.count(col(QueueItem.id))).where(
        col(QueueItem.queue_id) == sa.bindparam("queue"),
        col(QueueItem.id).in_(items_in_question(rule)),
        shows_answer(rule),
        ~_has_had(*ANSWERED),
        sa.or_(FREE, _has_had("open"), sa.exists().where(_ITS_ITEM, *_LAPSED).correlate(QueueItem)),
    )


def progress_in(session: Session, queue: QueueFacts, person: Standing) -> Waiting:
    params = {"user_id": person.user_id, "queue": queue.id, "moment": now()}
    done, items, filled, answered_free, held_full, lapsed = execute(session, _PROGRESS, params).one()
    hidden, kept = unseen(session, queue=queue, person=person), 0
    if hidden.rule != "nothing is hidden":
        kept = execute(session, _hidden_statement(hidden.rule), params | hidden.params).scalar_one()
    available = items - filled - answered_free + held_full + lapsed - kept
    return Waiting(
        queue_public_id=queue.public_id,
        kind=queue.kind,
        title=queue.public_title,
        done=done,
        total=done + available,
        available=available,
    )
