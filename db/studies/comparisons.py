"""Comparisons as a judge is given them. Only this file knows which side is which method."""

from typing import Literal

from sqlmodel import Session, col, select

from db.datasets.dialogues import read_samples
from db.engine import read, write
from db.review.answers import add_revision, note
from db.review.places import Outcome, count_or_surplus, hold
from db.tables import Assignment, PredictionRow, QueueItem, Study, StudyCase
from proutt_core.errors import NotAllowed
from proutt_core.types import Message, Value, Verdict

Side = Literal["left", "tie", "right"]


class CompareTask(Value):
    """All that may reach a judge's browser: no method, run, model, dataset or database id.

    `next_utterance` is None unless the study's frozen protocol shows people what the user really said.
    """

    assignment_id: str
    context: tuple[Message, ...]
    next_utterance: str | None
    left: tuple[str, ...]
    right: tuple[str, ...]


def compare_task(*, assignment_id: str, user_id: int) -> CompareTask:
    with read() as session:
        row = session.exec(
            select(Assignment, StudyCase)
            .join(QueueItem, col(QueueItem.id) == Assignment.queue_item_id)
            .join(StudyCase, col(StudyCase.id) == QueueItem.case_id)
            .where(Assignment.public_id == assignment_id, Assignment.user_id == user_id)
        ).first()
        if row is None:
            raise NotAllowed("This was not given to you.")
        assignment, case = row
        a, b = _texts(session, case.prediction_a_id), _texts(session, case.prediction_b_id)
        sample = read_samples(session, [case.sample_id])[case.sample_id].sample
        shows_next = session.get_one(Study, case.study_id).protocol.get("evidence") == "context_and_next"
        return CompareTask(
            assignment_id=assignment.public_id,
            context=sample.context,
            next_utterance=sample.next_utterance if shows_next else None,
            left=a if assignment.left_is == "a" else b,
            right=b if assignment.left_is == "a" else a,
        )


def save_judgement(
    *, assignment_id: str, user_id: int, side: Side, comment: str = "", seconds: float | None = None
) -> Outcome:
    """Store the verdict as the method on that side, never as the side."""
    with write() as session:
        held = hold(session, assignment_id=assignment_id, user_id=user_id, kind="compare")
        outcome = count_or_surplus(session, held)
        if outcome != "already":
            verdict = method_on(side, left_is=held.left_is)
            add_revision(session, held, answer=verdict, comment=comment.strip(), seconds=seconds)
            note(session, held, kind="answer", answer=verdict, outcome=outcome)
        return outcome


def method_on(side: Side, *, left_is: str) -> Verdict:
    if side == "tie":
        return "tie"
    return "a" if (side == "left") == (left_is == "a") else "b"


def _texts(session: Session, prediction_id: int) -> tuple[str, ...]:
    return tuple(session.get_one(PredictionRow, prediction_id).utterances)
