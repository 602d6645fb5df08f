"""Pairs and trees as a person is given them, and the answers: append-only, the last revision counts."""

from functools import cache
from typing import Any, Literal

import sqlalchemy as sa
from pydantic import Field
from sqlmodel import Session, col

from db.accounts.events import record
from db.blinding import eligibility
from db.blinding.unseen import Rule, shows_answer, unseen
from db.columns import now
from db.engine import read, write
from db.review.places import (
    ANNOTATE,
    HELD,
    Held,
    Outcome,
    count_or_surplus,
    execute,
    hold,
    lock_queue,
    move,
    require_open,
    take_place,
)
from db.stored_settings import made_by_rules
from db.tables import (
    Assignment,
    DialogueRow,
    Job,
    Judgement,
    PairReview,
    PreferencePair,
    QueueItem,
    SampleRow,
    SynthesisItem,
    TreeReview,
)
from proutt_core.errors import ConflictError, InputError, NotAllowed
from proutt_core.types import Branch, GateFailure, Message, StageResults, Trace, Value, VerbatimPair

PairAnswer = Literal["approve", "reject"]
TreeAnswer = Literal["correct", "partly", "wrong"]
PairSide = Literal["chosen", "rejected"]

REVIEWS: dict[str, type[PairReview] | type[TreeReview] | type[Judgement]] = {
    "pair": PairReview,
    "tree": TreeReview,
    "compare": Judgement,
}


class PairTask(Value):
    """A pair under review. `baseline`: made by the text rules, and the person may be told so.

    An imported pair has `verbatim` and neither context nor next utterance; its traces are set where its texts could be
    read as such. `rejected` is None where there is no rejected side, or it is text.
    """

    assignment_id: str
    item_id: int | None = None  # the run's item that it comes from
    context: tuple[Message, ...] = ()
    next_utterance: str | None = None
    chosen: Trace | None
    rejected: Trace | None
    verbatim: VerbatimPair | None = None
    left_is: PairSide
    gates_failed: tuple[GateFailure, ...] = ()
    branch: Branch | None = None
    baseline: bool = False


class TreeTask(Value):
    """A tree under review, with what every stage returned."""

    assignment_id: str
    item_id: int
    context: tuple[Message, ...]
    next_utterance: str
    results: StageResults
    branch: Branch | None = None
    top_similarity: float | None = Field(default=None, ge=0.0, le=1.0)
    baseline: bool = False


# One statement a task: it is read at every click of everybody.
_PAIR = (
    sa.select(
        col(Assignment.left_is),
        col(PreferencePair.item_id),
        col(PreferencePair.chosen),
        col(PreferencePair.rejected),
        col(PreferencePair.verbatim),
        col(PreferencePair.gates_failed),
        col(PreferencePair.branch),
        col(SampleRow.target_index),
        col(DialogueRow.messages),
        col(Job.settings),
    )
    .join(QueueItem, col(QueueItem.id) == Assignment.queue_item_id)
    .join(PreferencePair, col(PreferencePair.id) == QueueItem.pair_id)
    .join(Job, col(Job.id) == PreferencePair.job_id, isouter=True)
    .join(SynthesisItem, col(SynthesisItem.id) == PreferencePair.item_id, isouter=True)
    .join(SampleRow, col(SampleRow.id) == SynthesisItem.sample_id, isouter=True)
    .join(DialogueRow, col(DialogueRow.id) == SampleRow.dialogue_id, isouter=True)
    .where(col(Assignment.public_id) == sa.bindparam("public_id"), col(Assignment.user_id) == sa.bindparam("user_id"))
)
_TREE = (
    sa.select(
        col(SynthesisItem.id),
        col(SynthesisItem.results),
        col(SynthesisItem.branch),
        col(SynthesisItem.top_similarity),
        col(SampleRow.target_index),
        col(DialogueRow.messages),
        col(Job.settings),
    )
    .select_from(Assignment)
    .join(QueueItem, col(QueueItem.id) == Assignment.queue_item_id)
    .join(SynthesisItem, col(SynthesisItem.id) == QueueItem.item_id)
    .join(Job, col(Job.id) == SynthesisItem.job_id)
    .join(SampleRow, col(SampleRow.id) == SynthesisItem.sample_id)
    .join(DialogueRow, col(DialogueRow.id) == SampleRow.dialogue_id)
    .where(col(Assignment.public_id) == sa.bindparam("public_id"), col(Assignment.user_id) == sa.bindparam("user_id"))
)


def pair_task(*, assignment_id: str, user_id: int) -> PairTask:
    with read() as session:
        row = _given(session, _PAIR, assignment_id=assignment_id, user_id=user_id)
        left_is, item_id, chosen, rejected, verbatim, gates_failed, branch, target, messages, settings = row
        texts = {"verbatim": verbatim} if item_id is None else _cut(messages, target)
        return PairTask.model_validate(
            texts
            | {
                "assignment_id": assignment_id,
                "item_id": item_id,
                "chosen": chosen,
                "rejected": rejected,
                "left_is": left_is,
                "gates_failed": gates_failed,
                "branch": branch,
                "baseline": _may_name_baseline(session, settings, user_id=user_id),
            }
        )


def tree_task(*, assignment_id: str, user_id: int) -> TreeTask:
    with read() as session:
        row = _given(session, _TREE, assignment_id=assignment_id, user_id=user_id)
        item_id, results, branch, top_similarity, target, messages, settings = row
        return TreeTask.model_validate(
            _cut(messages, target)
            | {
                "assignment_id": assignment_id,
                "item_id": item_id,
                "results": results,
                "branch": branch,
                "top_similarity": top_similarity,
                "baseline": _may_name_baseline(session, settings, user_id=user_id),
            }
        )


def _given(session: Session, statement: Any, *, assignment_id: str, user_id: int) -> Any:
    row = execute(session, statement, {"public_id": assignment_id, "user_id": user_id}).first()
    if row is None:
        raise NotAllowed("This was not given to you.")
    return row


def _cut(messages: list[dict[str, Any]], target: int) -> dict[str, Any]:
    return {"context": messages[:target], "next_utterance": messages[target]["content"]}


def _may_name_baseline(session: Session, settings: dict[str, Any] | None, *, user_id: int) -> bool:
    """Whether to say that plain rules made this: everywhere, except to the judges of an open study."""
    of_rules = settings is not None and made_by_rules(settings)
    return of_rules and not eligibility.judges_open_study(session, user_id)


def save_pair_review(
    *,
    assignment_id: str,
    user_id: int,
    answer: PairAnswer,
    chosen: Trace | None = None,
    rejected: Trace | None = None,
    comment: str = "",
    seconds: float | None = None,
) -> Outcome:
    """Answer a pair. `chosen` and `rejected` are the edited traces, None where the person left one as it was."""
    edited = chosen is not None or rejected is not None
    if edited and answer != "approve":
        raise InputError("An edited pair is approved by saving it; reject it without edits.")
    with write() as session:
        held = hold(session, assignment_id=assignment_id, user_id=user_id, kind="pair")
        if edited:
            _require_editable(session.get_one(PreferencePair, held.pair_id), chosen, rejected)
        outcome = count_or_surplus(session, held)
        if outcome != "already":
            add_revision(
                session,
                held,
                answer=answer,
                chosen=None if chosen is None else chosen.model_dump(mode="json"),
                rejected=None if rejected is None else rejected.model_dump(mode="json"),
                comment=comment.strip(),
                seconds=seconds,
            )
            note(session, held, kind="edit" if edited else "answer", answer=answer, outcome=outcome)
        return outcome


def _require_editable(pair: PreferencePair, chosen: Trace | None, rejected: Trace | None) -> None:
    for edited, stored in ((chosen, pair.chosen), (rejected, pair.rejected)):
        if edited is not None and not stored:
            raise InputError("This pair holds no trace there that could be edited; approve or reject it as it is.")
    new_chosen = chosen or (Trace.model_validate(pair.chosen) if pair.chosen else None)
    new_rejected = rejected or (Trace.model_validate(pair.rejected) if pair.rejected else None)
    if new_chosen is not None and new_chosen == new_rejected:
        raise InputError("After these edits chosen and rejected are the same; a pair needs a difference.")


def save_tree_review(
    *, assignment_id: str, user_id: int, answer: TreeAnswer, comment: str = "", seconds: float | None = None
) -> Outcome:
    with write() as session:
        held = hold(session, assignment_id=assignment_id, user_id=user_id, kind="tree")
        outcome = count_or_surplus(session, held)
        if outcome != "already":
            add_revision(session, held, answer=answer, comment=comment.strip(), seconds=seconds)
            note(session, held, kind="answer", answer=answer, outcome=outcome)
        return outcome


def undo_last(*, queue_public_id: str, user_id: int) -> bool:
    """Take back this person's last answer or skip in the queue; it is the next thing given. False: nothing to undo.

    Raises ConflictError where the place of a skipped or surplus one went to somebody else.
    """
    with write() as session:
        queue = lock_queue(session, queue_public_id)
        require_open(queue)
        person = eligibility.require(session, queue=queue, user_id=user_id)
        hidden = unseen(session, queue=queue, person=person)
        params = {"user_id": user_id, "queue": queue.id} | hidden.params
        row = execute(session, _last_statement(hidden.rule), params).first()
        if row is None:
            return False
        _reopen(session, Held(queue, *row))
        return True


@cache
def _last_statement(rule: Rule) -> Any:
    """What this person did last in the queue: by the order of steps, not by a clock that may have been set back."""
    return (
        sa.select(*HELD)
        .join(QueueItem, col(QueueItem.id) == Assignment.queue_item_id)
        .where(
            col(Assignment.user_id) == sa.bindparam("user_id"),
            col(Assignment.queue_id) == sa.bindparam("queue"),
            col(Assignment.role) == ANNOTATE,
            col(Assignment.state).in_(["done", "skipped", "surplus"]),
            ~shows_answer(rule),
        )
        .order_by(col(Assignment.step).desc())
        .limit(1)
    )


def _reopen(session: Session, held: Held) -> None:
    was_answered = held.state != "skipped"
    if not take_place(session, held):
        raise ConflictError("Somebody else has this one now, so it cannot come back to you.")
    move(session, held, "open")
    if was_answered:
        add_revision(session, held, answer="withdrawn")
    note(session, held, kind="undo", answer="withdrawn", outcome="counted")


@cache
def _revision_statement(kind: str) -> Any:
    table: Any = REVIEWS[kind]
    earlier = sa.alias(table.__table__)
    newest = sa.select(sa.func.coalesce(sa.func.max(earlier.c.revision), 0) + 1)
    mine = newest.where(earlier.c.assignment_id == sa.bindparam("assignment"))
    return sa.insert(table).values(revision=mine.scalar_subquery())


def add_revision(session: Session, held: Held, *, answer: str, **columns: Any) -> None:
    """The next revision of what this person said of the assignment. A column of None is left out: SQL NULL."""
    given = {name: value for name, value in columns.items() if value is not None}
    fixed = {"assignment_id": held.assignment_id, "assignment": held.assignment_id, "answer": answer}
    rest = {"comment": "", "created_at": now()}
    execute(session, _revision_statement(held.queue.kind), rest | given | fixed)


def note(session: Session, held: Held, *, kind: str, answer: str, outcome: Outcome) -> None:
    detail = {"queue": held.queue.public_id, "outcome": outcome}
    if held.queue.kind != "compare":  # whoever reads the log must not learn results of an open study
        detail["answer"] = answer
    record(session, user_id=held.user_id, kind=kind, subject=f"assignment:{held.public_id}", detail=detail)
