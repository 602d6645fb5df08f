"""What the user of a case really said next stays unseen by whoever judges it: conditions on what a queue may give.

Who may judge in an open study is given no pair and no tree that shows the answer of one of its cases; who was given
something that shows it is not given the case. `answer_shown` says which queue item shows the answer of which case.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from db.blinding.eligibility import QueueFacts, Standing, judged_studies
from db.tables import AnswerShown, Assignment, Queue, QueueItem, QueueMember, StudyCase
from proutt_core.errors import NotAllowed

Rule = Literal["nothing is hidden", "answers of open studies", "answers already read"]


@dataclass(frozen=True)
class Unseen:
    """The rule that holds for this person in this queue, and the values of its condition besides `user_id`."""

    rule: Rule
    params: dict[str, Any]


def unseen(session: Session, *, queue: QueueFacts, person: Standing) -> Unseen:
    if queue.kind == "compare":
        return Unseen("answers already read", {})
    studies = judged_studies(session, person)
    if not studies:
        return Unseen("nothing is hidden", {})
    return Unseen("answers of open studies", {"judged": studies})


def shows_answer(rule: Rule) -> sa.ColumnElement[bool]:
    """For each `queue_item` row: whether the rule keeps it from this person. Takes `user_id` and the rule's values."""
    if rule == "nothing is hidden":
        return sa.false()
    if rule == "answers of open studies":
        return (
            sa.exists()
            .where(
                col(AnswerShown.queue_item_id) == col(QueueItem.id),
                col(StudyCase.id) == col(AnswerShown.case_id),
                col(StudyCase.study_id).in_(sa.bindparam("judged", expanding=True)),
            )
            .correlate(QueueItem)
        )
    given = aliased(Assignment)
    return (
        sa.exists()
        .where(
            col(AnswerShown.case_id) == col(QueueItem.case_id),
            given.queue_item_id == AnswerShown.queue_item_id,  # type: ignore[arg-type]
            given.user_id == sa.bindparam("user_id"),  # type: ignore[arg-type]
        )
        .correlate(QueueItem)
    )


@cache
def _read_statement() -> Any:
    return sa.select(col(QueueItem.id)).where(
        col(QueueItem.id) == sa.bindparam("item"), shows_answer("answers already read")
    )


def require_unread(session: Session, *, item_id: int, user_id: int) -> None:
    """Raises NotAllowed where this person, with the case in hand, was given its answer in another queue."""
    if session.connection().execute(_read_statement(), {"item": item_id, "user_id": user_id}).first() is not None:
        raise NotAllowed("What the user really said here was shown to you in other work, so it is not yours to judge.")


def readers_of_cases(session: Session, study_id: int) -> list[tuple[int, int]]:
    """(case position, user) of the study's people who were given its answer in other work."""
    rows = session.execute(
        sa.select(col(StudyCase.position), col(Assignment.user_id))
        .join(AnswerShown, col(AnswerShown.case_id) == StudyCase.id)
        .join(Assignment, col(Assignment.queue_item_id) == AnswerShown.queue_item_id)
        .join(Queue, col(Queue.study_id) == StudyCase.study_id)
        .join(
            QueueMember, sa.and_(col(QueueMember.queue_id) == Queue.id, col(QueueMember.user_id) == Assignment.user_id)
        )
        .where(col(StudyCase.study_id) == study_id)
        .distinct()
    )
    return [(position, user) for position, user in rows]


def items_in_question(rule: Rule) -> Any:
    """Ids of the few queue items that the rule can keep from anybody."""
    if rule == "answers already read":
        return select(QueueItem.id).where(col(QueueItem.case_id).in_(select(AnswerShown.case_id)))
    return select(AnswerShown.queue_item_id)
