"""Counts over the whole workflow, for Home."""

from collections import Counter
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.engine import read
from db.tables import Assignment, Dataset, Export, Job, Queue, QueueItem, Study, SynthesisItem
from proutt_core.types import Overview


def overview() -> Overview:
    with read() as session:
        jobs = _jobs(session)
        studies = dict(session.exec(select(Study.state, sa.func.count()).group_by(col(Study.state))).all())
        trees, trees_done = _answers(session, Queue.kind == "tree")
        pairs, pairs_done = _answers(session, Queue.kind == "pair")
        expected, answers = _answers(session, Queue.kind == "compare", Queue.state == "open")
        return Overview(
            datasets=_count(session, Dataset, Dataset.state == "ready", Dataset.kind == "dialogues"),
            imports_running=jobs["import", "running"],
            runs_done=jobs["synthesis", "done"],
            runs_running=jobs["synthesis", "running"],
            items=_count(session, SynthesisItem),
            items_ended=_count(session, SynthesisItem, col(SynthesisItem.state).in_(["done", "failed"])),
            trees=trees,
            trees_done=trees_done,
            pairs=pairs,
            pairs_done=pairs_done,
            methods=_methods(session),
            predictions_running=jobs["predict", "running"],
            studies=sum(studies.values()),
            studies_open=studies.get("open", 0),
            studies_closed=studies.get("closed", 0),
            answers=answers,
            answers_wanted=expected,
            judge_runs=jobs["judge", "done"],
            judge_runs_running=jobs["judge", "running"],
            exports=_count(session, Export),
        )


def _count(session: Session, table: Any, *where: Any) -> int:
    return session.exec(select(sa.func.count()).select_from(table).where(*where)).one()


def _jobs(session: Session) -> Counter[tuple[str, str]]:
    """Jobs by kind and by whether they are done or on their way; what waits its turn counts as running."""
    counts: Counter[tuple[str, str]] = Counter()
    for kind, state, n in session.exec(select(Job.kind, Job.state, sa.func.count()).group_by(Job.kind, Job.state)):
        if state == "done":
            counts[kind, "done"] += n
        elif state in ("queued", "running", "paused"):
            counts[kind, "running"] += n
    return counts


def _methods(session: Session) -> int:
    """Methods whose predicting is done at least once."""
    return session.exec(
        select(sa.func.count(sa.distinct(col(Job.method_id)))).where(Job.kind == "predict", Job.state == "done")
    ).one()


def _answers(session: Session, *where: Any) -> tuple[int, int]:
    """(answers wanted, answers that count) in the queues that fit."""
    expected = session.exec(
        select(sa.func.coalesce(sa.func.sum(QueueItem.people), 0))
        .join(Queue, col(Queue.id) == QueueItem.queue_id)
        .where(*where)
    ).one()
    received = session.exec(
        select(sa.func.count(col(Assignment.id)))
        .join(QueueItem, col(QueueItem.id) == Assignment.queue_item_id)
        .join(Queue, col(Queue.id) == QueueItem.queue_id)
        .where(Assignment.state == "done", *where)
    ).one()
    return int(expected), received
