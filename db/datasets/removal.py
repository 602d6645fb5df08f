"""Removing a dataset that is ready, while nothing that somebody made stands on it."""

from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.accounts.events import record
from db.columns import row_id
from db.datasets.datasets import remove
from db.datasets.uses import in_words, work_on
from db.engine import read, write
from db.tables import Assignment, Dataset, Export, Job, NearDuplicate, Queue, QueueItem, QueueMember
from proutt_core.errors import ConflictError


def kept_by(dataset_id: int) -> tuple[str, ...]:
    """What would lose its ground with it, in words and by name. Empty: it may be removed."""
    with read() as session:
        return _kept_by(session, dataset_id)


def require_removable(name: str) -> None:
    """ConflictError that names what uses the dataset."""
    with write() as session:
        _held(session, name)


def remove_ready(name: str, *, user_id: int | None = None) -> None:
    """Take it away for good, with its dialogues, samples and pairs. ConflictError where something uses it.

    From the first transaction on it is out of sight; one that is cut off later is completed by removing it again.
    """
    with write() as session:
        dataset = _held(session, name)
        dataset_id = row_id(dataset.id)
        _remove_around(session, dataset_id)
        dataset.state = "failed"
        record(session, user_id=user_id, kind="dataset.remove", subject=name, detail={"source": dataset.source})
    remove(dataset_id)


def _held(session: Session, name: str) -> Dataset:
    """Its row, locked until the transaction ends, and its queues: what is being given at this moment is seen."""
    statement = select(Dataset).where(Dataset.name == name, Dataset.state == "ready").with_for_update()
    dataset = session.exec(statement).first()
    if dataset is None:
        raise ConflictError(f'no dataset that is ready is named "{name}"; it may just have been removed')
    session.exec(_queues(row_id(dataset.id)).order_by(col(Queue.id)).with_for_update()).all()
    kept = _kept_by(session, row_id(dataset.id))
    if kept:
        raise ConflictError(f'"{name}" cannot be removed: {in_words(kept)} would lose its ground')
    return dataset


def _kept_by(session: Session, dataset_id: int) -> tuple[str, ...]:
    """Of imported pairs: that they went out, or that people have them to review, or had."""
    kept = list(work_on(session, dataset_id, any_active=True))
    given = (
        select(Assignment.id)
        .join(QueueItem, col(QueueItem.id) == Assignment.queue_item_id)
        .where(col(QueueItem.queue_id).in_(_queues(dataset_id)))
    )
    if session.exec(given.limit(1)).first() is not None:
        kept.append("the review of its pairs")
    if session.exec(select(Export.id).where(Export.dataset_id == dataset_id).limit(1)).first() is not None:
        kept.append("an export of its pairs")
    return tuple(kept)


def _remove_around(session: Session, dataset_id: int) -> None:
    """Queues that nobody was given anything of, and ended jobs: the import, the search for near-duplicates."""
    queues = _queues(dataset_id)
    session.exec(sa.delete(QueueItem).where(col(QueueItem.queue_id).in_(queues)))
    session.exec(sa.delete(QueueMember).where(col(QueueMember.queue_id).in_(queues)))
    session.exec(sa.delete(Queue).where(col(Queue.dataset_id) == dataset_id))
    session.exec(sa.delete(NearDuplicate).where(col(NearDuplicate.dataset_id) == dataset_id))
    session.exec(sa.delete(Job).where(col(Job.dataset_id) == dataset_id))


def _queues(dataset_id: int) -> Any:
    return select(Queue.id).where(Queue.dataset_id == dataset_id)
