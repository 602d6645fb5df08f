"""The search for near-duplicates in a dataset: its job, the texts it reads, what it found, and dropping the copies.

Dialogues are read test first, then valid, then train, each in the file's order, and `like_id` is the one that came
first: so a copy is always the train side of a pair across splits, and dropping the copies ends the leak.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from db.accounts.events import record
from db.columns import row_id
from db.datasets.uses import drop_dialogues, hold_unused
from db.engine import read, write
from db.jobs.jobs import ACTIVE, JobInfo, list_jobs, locked, set_state
from db.tables import Dataset, DialogueRow, Job, NearDuplicate
from proutt_core.errors import ConflictError, InputError

ORDER = ("test", "valid", "train")
WRITTEN_AT_ONCE = 500


@dataclass(frozen=True)
class NearDuplicateSummary:
    """`copies` are like one of the `clusters` dialogues that came first. `across` counts those that are in another
    split than it: (split of the first, split of the copy) → how many."""

    copies: int = 0
    clusters: int = 0
    across: dict[tuple[str, str], int] = field(default_factory=dict)

    @property
    def across_splits(self) -> int:
        return sum(self.across.values())


@dataclass(frozen=True)
class NearCopy:
    """A dialogue and the one it is like; `similarity` is exact, 0 to 1."""

    dialogue_id: int
    external_id: str
    split: str
    like_id: int
    like_external_id: str
    like_split: str
    similarity: float


def queue(*, dataset_id: int, threshold: float, created_by: int | None = None) -> int:
    """The search as a job; its id. A search that ended may be started again with another threshold."""
    if not 0.3 <= threshold <= 1:
        raise InputError(f"the threshold is a Jaccard similarity from 0.3 to 1; got {threshold}")
    settings = {"threshold": threshold}
    with write() as session:
        dataset = session.get(Dataset, dataset_id)
        if dataset is None or dataset.state != "ready" or dataset.kind != "dialogues":
            raise InputError("near-duplicates are searched in a dataset of dialogues that is ready")
        job = locked(session, kind="near_duplicates", name=dataset.name)
        if job is None:
            job = Job(kind="near_duplicates", name=dataset.name, settings=settings, created_by=created_by)
            session.add(job)
        elif job.state in ACTIVE:
            raise ConflictError(f'"{dataset.name}" is being searched at this moment')
        job.dataset_id, job.settings, job.progress = dataset_id, settings, 0
        job.claim_token = job.lease_until = job.started_at = None
        set_state(job, "queued")
        session.flush()
        return row_id(job.id)


def job_of(dataset_id: int) -> JobInfo | None:
    """The dataset's search, if there ever was one."""
    return next(iter(list_jobs(kind="near_duplicates", dataset_id=dataset_id)), None)


def texts(dataset_id: int, *, split: str, after: int, limit: int) -> list[tuple[int, str]]:
    """(dialogue id, folded text of all messages) of a split, in order, ids greater than `after`."""
    with read() as session:
        rows = session.exec(
            select(DialogueRow.id, DialogueRow.search_text)
            .where(DialogueRow.dataset_id == dataset_id, DialogueRow.split == split, col(DialogueRow.id) > after)
            .order_by(col(DialogueRow.id))
            .limit(limit)
        )
        return [(row_id(dialogue_id), text) for dialogue_id, text in rows]


def texts_of(ids: Sequence[int]) -> dict[int, str]:
    """The folded texts of a few dialogues; one that was removed is missing."""
    with read() as session:
        rows = session.exec(select(DialogueRow.id, DialogueRow.search_text).where(col(DialogueRow.id).in_(ids)))
        return {row_id(dialogue_id): text for dialogue_id, text in rows}


def clear(dataset_id: int) -> None:
    """What an earlier search found."""
    while True:
        with write() as session:
            some = select(NearDuplicate.id).where(NearDuplicate.dataset_id == dataset_id).limit(WRITTEN_AT_ONCE)
            ids = session.exec(some).all()
            if not ids:
                return
            session.exec(sa.delete(NearDuplicate).where(col(NearDuplicate.id).in_(ids)))


def add(dataset_id: int, copies: Sequence[tuple[int, int, float]]) -> None:
    """(dialogue, the one it is like, similarity) each; in short transactions."""
    for start in range(0, len(copies), WRITTEN_AT_ONCE):
        rows = [
            {"dataset_id": dataset_id, "dialogue_id": copy, "like_id": like, "similarity": similarity}
            for copy, like, similarity in copies[start : start + WRITTEN_AT_ONCE]
        ]
        with write() as session:
            session.connection().execute(sa.insert(NearDuplicate), rows)


_Like = aliased(DialogueRow)


def _joined(statement: Any, dataset_id: int) -> Any:
    return (
        statement.select_from(NearDuplicate)
        .join(DialogueRow, col(DialogueRow.id) == NearDuplicate.dialogue_id)
        .join(_Like, _Like.id == NearDuplicate.like_id)
        .where(NearDuplicate.dataset_id == dataset_id)
    )


def summary(dataset_id: int) -> NearDuplicateSummary:
    """What the last search found, less what was dropped since. Zeros where none was made."""
    with read() as session:
        clusters = session.exec(
            select(sa.func.count(sa.distinct(col(NearDuplicate.like_id)))).where(NearDuplicate.dataset_id == dataset_id)
        ).one()
        pairs: Mapping[tuple[str, str], int] = {
            (first, copy): count
            for first, copy, count in session.exec(
                _joined(select(_Like.split, DialogueRow.split, sa.func.count()), dataset_id).group_by(
                    _Like.split, col(DialogueRow.split)
                )
            )
        }
    return NearDuplicateSummary(
        copies=sum(pairs.values()),
        clusters=clusters,
        across={splits: count for splits, count in sorted(pairs.items()) if splits[0] != splits[1]},
    )


def copies(dataset_id: int, *, across: bool = False, offset: int = 0, limit: int = 20) -> list[NearCopy]:
    """A page of what was found, clusters together; with `across`, only copies in another split than the first."""
    statement = _joined(select(NearDuplicate, DialogueRow.external_id, DialogueRow.split), dataset_id)
    statement = statement.add_columns(_Like.external_id, _Like.split)
    if across:
        statement = statement.where(col(DialogueRow.split) != _Like.split)
    statement = statement.order_by(col(NearDuplicate.like_id), col(NearDuplicate.dialogue_id))
    with read() as session:
        return [
            NearCopy(
                dialogue_id=row.dialogue_id,
                external_id=external_id,
                split=split,
                like_id=row.like_id,
                like_external_id=like_external_id,
                like_split=like_split,
                similarity=row.similarity,
            )
            for row, external_id, split, like_external_id, like_split in session.exec(
                statement.offset(offset).limit(limit)
            )
        ]


def drop_copies(dataset_id: int, *, user_id: int | None = None, progress: Callable[[int], None] | None = None) -> int:
    """Keep the first of each cluster and take the others away, in short transactions, each with its event; how many.

    ConflictError where a run, prediction or study uses the dataset. Broken off, the copies that are left stay listed.
    """
    dropped = 0
    while some := _drop_some(dataset_id, user_id):
        dropped += some
        if progress is not None:
            progress(dropped)
    return dropped


def _drop_some(dataset_id: int, user_id: int | None) -> int:
    with write() as session:
        dataset = hold_unused(session, dataset_id)
        ids = _some_copies(session, dataset_id)
        if ids:
            drop_dialogues(session, ids)
            detail = {"dialogues": len(ids)}
            record(session, user_id=user_id, kind="dataset.near_duplicates.drop", subject=dataset.name, detail=detail)
        return len(ids)


def _some_copies(session: Session, dataset_id: int) -> list[int]:
    copy_ids = select(NearDuplicate.dialogue_id).where(NearDuplicate.dataset_id == dataset_id)
    return list(session.exec(copy_ids.order_by(col(NearDuplicate.id)).limit(WRITTEN_AT_ONCE)))
