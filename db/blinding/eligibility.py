"""Who may be given what: the rules that every claim and every save of an answer checks."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlmodel import Session, col, select

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
    StudyCase,
    SynthesisItem,
    User,
)
from proutt_core.errors import NotAllowed
from proutt_core.types.screens import KNOWING_ROLES, WORK


def roles_held(session: Session, user_id: int) -> frozenset[str]:
    """The roles in force; none for an account that was switched off."""
    return frozenset(
        session.exec(
            select(RoleGrant.role)
            .join(User, col(User.id) == RoleGrant.user_id)
            .where(RoleGrant.user_id == user_id, col(RoleGrant.revoked_at).is_(None), col(User.active).is_(True))
        )
    )


def refusal(session: Session, *, queue: Queue, user_id: int) -> str | None:
    """Why this person is given nothing of this queue, in words for that person; None where nothing forbids it."""
    if roles_held(session, user_id).isdisjoint(WORK[queue.kind].roles):
        return "Your roles do not include this kind of work. An admin can change them."
    if not queue.everyone and not _is_member(session, queue, user_id):
        return "You do not take part in this queue. A researcher can add you."
    if queue.kind == "compare" and queue.study_id is not None:
        return _unblinded(session, study_id=queue.study_id, user_id=user_id)
    return None


def require(session: Session, *, queue: Queue, user_id: int) -> None:
    reason = refusal(session, queue=queue, user_id=user_id)
    if reason is not None:
        raise NotAllowed(reason)


def judges_open_study(session: Session, user_id: int) -> bool:
    """Whether this person may be given cases of a study that is open now."""
    return bool(session.exec(select(sa.exists(_judged_studies(session, user_id)))).one())


def visible(session: Session, *, queue: Queue, user_id: int) -> Sequence[sa.ColumnElement[bool]]:
    """Conditions on `queue_item`: samples of an open study stay hidden from the people who judge in it."""
    if queue.kind == "compare":
        return []
    hidden = select(StudyCase.sample_id).where(col(StudyCase.study_id).in_(_judged_studies(session, user_id)))
    if queue.kind == "tree":
        known = select(SynthesisItem.id).where(col(SynthesisItem.sample_id).in_(hidden))
        return [col(QueueItem.item_id).not_in(known)]
    known = (
        select(PreferencePair.id)
        .join(SynthesisItem, col(SynthesisItem.id) == PreferencePair.item_id)
        .where(col(SynthesisItem.sample_id).in_(hidden))
    )
    return [col(QueueItem.pair_id).not_in(known)]


def _judged_studies(session: Session, user_id: int) -> Any:
    member = sa.exists().where(col(QueueMember.queue_id) == col(Queue.id), col(QueueMember.user_id) == user_id)
    # A queue open to everybody is judged by everybody who does not know the methods.
    may_judge = member if roles_held(session, user_id) & KNOWING_ROLES else sa.or_(col(Queue.everyone), member)
    return select(Study.id).join(Queue, col(Queue.study_id) == Study.id).where(Study.state == "open", may_judge)


def _is_member(session: Session, queue: Queue, user_id: int) -> bool:
    membership = session.exec(
        select(QueueMember.id).where(QueueMember.queue_id == queue.id, QueueMember.user_id == user_id)
    ).first()
    return membership is not None


def _unblinded(session: Session, *, study_id: int, user_id: int) -> str | None:
    study = session.get_one(Study, study_id)
    why = no_judge(session, user_id=user_id, moment=study.frozen_at, methods=(study.method_a_id, study.method_b_id))
    return None if why is None else _TOLD_TO_JUDGES[why]


NoJudge = Literal["roles", "knew", "edited"]
_TOLD_TO_JUDGES: dict[NoJudge, str] = {
    "roles": "Your roles do not include this kind of work. An admin can change them.",
    "knew": (
        "This account has, or had since the study was frozen, a role that can see which method is which, "
        "so it is never given a comparison. Judge with another account."
    ),
    "edited": "You edited pairs that one of the compared methods learned from, so you are not given its comparisons.",
}


def no_judge(session: Session, *, user_id: int, moment: datetime, methods: tuple[int, int]) -> NoJudge | None:
    """Why this person may not compare these two methods in a study frozen at `moment`; None where nothing does."""
    if roles_held(session, user_id).isdisjoint(WORK["compare"].roles):
        return "roles"
    if knew_since(session, user_id=user_id, moment=moment):
        return "knew"
    return "edited" if _edited_runs_of(session, methods=methods, user_id=user_id) else None


def knew_since(session: Session, *, user_id: int, moment: datetime) -> bool:
    grant = session.exec(
        select(RoleGrant.id).where(
            RoleGrant.user_id == user_id,
            col(RoleGrant.role).in_(KNOWING_ROLES),
            sa.or_(col(RoleGrant.revoked_at).is_(None), col(RoleGrant.revoked_at) > moment),
        )
    ).first()
    return grant is not None


def _edited_runs_of(session: Session, *, methods: tuple[int, int], user_id: int) -> bool:
    rows = session.exec(select(Method).where(col(Method.id).in_(methods)))
    runs = {run for method in rows if (run := run_behind(method.settings))}
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
