"""Comparisons as a judge is given them. Only this file knows which side is which method."""

from typing import Literal

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import col

from db.engine import read, write
from db.review.answers import add_revision, note
from db.review.places import Outcome, count_or_surplus, execute, hold
from db.tables import Assignment, DialogueRow, PredictionRow, QueueItem, SampleRow, Study, StudyCase
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


_a, _b = aliased(PredictionRow), aliased(PredictionRow)
_CASE = (
    sa.select(
        col(Assignment.left_is),
        col(_a.utterances),
        col(_b.utterances),
        col(SampleRow.target_index),
        col(DialogueRow.messages),
        col(Study.protocol),
    )
    .select_from(Assignment)
    .join(QueueItem, col(QueueItem.id) == Assignment.queue_item_id)
    .join(StudyCase, col(StudyCase.id) == QueueItem.case_id)
    .join(Study, col(Study.id) == StudyCase.study_id)
    .join(_a, col(_a.id) == StudyCase.prediction_a_id)
    .join(_b, col(_b.id) == StudyCase.prediction_b_id)
    .join(SampleRow, col(SampleRow.id) == StudyCase.sample_id)
    .join(DialogueRow, col(DialogueRow.id) == SampleRow.dialogue_id)
    .where(col(Assignment.public_id) == sa.bindparam("public_id"), col(Assignment.user_id) == sa.bindparam("user_id"))
)


def compare_task(*, assignment_id: str, user_id: int) -> CompareTask:
    with read() as session:
        row = execute(session, _CASE, {"public_id": assignment_id, "user_id": user_id}).first()
    if row is None:
        raise NotAllowed("This was not given to you.")
    left_is, a, b, target, messages, protocol = row
    said = tuple(Message.model_validate(message) for message in messages[: target + 1])
    return CompareTask(
        assignment_id=assignment_id,
        context=said[:target],
        next_utterance=said[target].content if protocol.get("evidence") == "context_and_next" else None,
        left=tuple(a if left_is == "a" else b),
        right=tuple(b if left_is == "a" else a),
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
