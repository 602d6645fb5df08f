"""Who may be given what: the rules that every claim and every save of an answer checks."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.columns import row_id
from db.stored_settings import run_behind
from db.tables import (
    Assignment,
    Job,
    Method,
    PairReview,
    PreferencePair,
    Queue,
    QueueItem,
    QueueMember,
    RoleGrant,
    Study,
    User,
)
from proutt_core.errors import NotAllowed
from proutt_core.types.screens import KNOWING_ROLES, WORK


@dataclass(frozen=True)
class QueueFacts:
    """A row of `queue` as a claim needs it."""

    id: int
    public_id: str
    public_title: str
    kind: str
    state: str
    everyone: bool
    study_id: int | None


QUEUE_FACTS = (
    col(Queue.id),
    col(Queue.public_id),
    col(Queue.public_title),
    col(Queue.kind),
    col(Queue.state),
    col(Queue.everyone),
    col(Queue.study_id),
)


def facts_of(queue: Queue) -> QueueFacts:
    return QueueFacts(
        row_id(queue.id),
        queue.public_id,
        queue.public_title,
        queue.kind,
        queue.state,
        queue.everyone,
        queue.study_id,
    )


@dataclass(frozen=True)
class Standing:
    """What an account may do now, and until when it could learn which method is which (None: never)."""

    user_id: int
    roles: frozenset[str]
    knew_until: datetime | None

    def knew_since(self, moment: datetime) -> bool:
        return self.knew_until is not None and self.knew_until > moment


# Statements are built once: see db/review/places.py.
_GRANTS = (
    select(RoleGrant.role, RoleGrant.revoked_at, User.active)
    .join(User, col(User.id) == RoleGrant.user_id)
    .where(RoleGrant.user_id == sa.bindparam("user_id"))
)
_MEMBERSHIP = select(QueueMember.id).where(
    QueueMember.queue_id == sa.bindparam("queue"), QueueMember.user_id == sa.bindparam("user_id")
)
_MEMBER = sa.exists().where(
    col(QueueMember.queue_id) == col(Queue.id), col(QueueMember.user_id) == sa.bindparam("user_id")
)
_OPEN_STUDIES = select(Study.id).join(Queue, col(Queue.study_id) == Study.id).where(Study.state == "open")
_JUDGED_AS_MEMBER = _OPEN_STUDIES.where(_MEMBER)
# A queue open to everybody is judged by everybody who does not know the methods.
_JUDGED = _OPEN_STUDIES.where(sa.or_(col(Queue.everyone), _MEMBER))


def standing(session: Session, user_id: int) -> Standing:
    """No roles for an account that was switched off. Asked once in a session, which lasts one transaction."""
    key = ("standing", user_id)
    if key not in session.info:
        session.info[key] = _standing(session, user_id)
    known: Standing = session.info[key]
    return known


def _standing(session: Session, user_id: int) -> Standing:
    grants = session.exec(_GRANTS, params={"user_id": user_id}).all()
    knew = [revoked or datetime.max.replace(tzinfo=UTC) for role, revoked, _ in grants if role in KNOWING_ROLES]
    return Standing(
        user_id=user_id,
        roles=frozenset(role for role, revoked, active in grants if revoked is None and active),
        knew_until=max(knew, default=None),
    )


def refusal(session: Session, *, queue: QueueFacts, person: Standing) -> str | None:
    """Why this person is given nothing of this queue, in words for that person; None where nothing forbids it."""
    if person.roles.isdisjoint(WORK[queue.kind].roles):
        return "Your roles do not include this kind of work. An admin can change them."
    if not queue.everyone and not _is_member(session, queue, person.user_id):
        return "You do not take part in this queue. A researcher can add you."
    if queue.kind == "compare" and queue.study_id is not None:
        study = session.get_one(Study, queue.study_id)
        methods = (study.method_a_id, study.method_b_id)
        why = no_judge(session, person=person, moment=study.frozen_at, methods=methods)
        return None if why is None else _TOLD_TO_JUDGES[why]
    return None


def require(session: Session, *, queue: QueueFacts, user_id: int) -> Standing:
    """Who this is, if nothing forbids them this queue. Raises NotAllowed."""
    person = standing(session, user_id)
    reason = refusal(session, queue=queue, person=person)
    if reason is not None:
        raise NotAllowed(reason)
    return person


def judged_studies(session: Session, person: Standing) -> tuple[int, ...]:
    """The studies open now whose cases this person may be given. Asked once in a session, as `standing` is."""
    key = ("judged studies", person.user_id)
    if key not in session.info:
        statement = _JUDGED_AS_MEMBER if person.roles & KNOWING_ROLES else _JUDGED
        found = session.exec(statement, params={"user_id": person.user_id})
        session.info[key] = tuple(row_id(study) for study in found)
    known: tuple[int, ...] = session.info[key]
    return known


def judges_open_study(session: Session, user_id: int) -> bool:
    """Whether this person may be given cases of a study that is open now."""
    return bool(judged_studies(session, standing(session, user_id)))


def _is_member(session: Session, queue: QueueFacts, user_id: int) -> bool:
    return session.exec(_MEMBERSHIP, params={"queue": queue.id, "user_id": user_id}).first() is not None


NoJudge = Literal["roles", "knew", "edited"]
_TOLD_TO_JUDGES: dict[NoJudge, str] = {
    "roles": "Your roles do not include this kind of work. An admin can change them.",
    "knew": (
        "This account has, or had since the study was frozen, a role that can see which method is which, "
        "so it is never given a comparison. Judge with another account."
    ),
    "edited": "You edited pairs that one of the compared methods learned from, so you are not given its comparisons.",
}


def no_judge(session: Session, *, person: Standing, moment: datetime, methods: tuple[int, int]) -> NoJudge | None:
    """Why this person may not compare these two methods in a study frozen at `moment`; None where nothing does."""
    if person.roles.isdisjoint(WORK["compare"].roles):
        return "roles"
    if person.knew_since(moment):
        return "knew"
    return "edited" if _edited_runs_of(session, methods=methods, user_id=person.user_id) else None


def _edited_runs_of(session: Session, *, methods: tuple[int, int], user_id: int) -> bool:
    runs = {run for number in methods if (run := run_behind(session.get_one(Method, number).settings))}
    if not runs:
        return False
    # An edit left out may be stored as SQL NULL or as JSON null; neither compares unequal to the text "null".
    edited = sa.or_(
        sa.cast(col(PairReview.chosen), sa.Text) != "null", sa.cast(col(PairReview.rejected), sa.Text) != "null"
    )
    edit = session.exec(
        select(PairReview.id)
        .join(Assignment, col(Assignment.id) == PairReview.assignment_id)
        .join(QueueItem, col(QueueItem.id) == Assignment.queue_item_id)
        .join(PreferencePair, col(PreferencePair.id) == QueueItem.pair_id)
        .join(Job, col(Job.id) == PreferencePair.job_id)
        .where(Assignment.user_id == user_id, Job.kind == "synthesis", col(Job.name).in_(runs), edited)
        .limit(1)
    ).first()
    return edit is not None
