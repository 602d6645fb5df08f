"""The end of an import, when all its dialogues are stored and none is visible: what repeats goes, groups are put right.

In short transactions, so that nobody else waits long; each leaves the dataset and its report in step, so that an import
that was killed here resumes here.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.datasets.imports import SoFar
from db.engine import read, write
from db.tables import Dataset, DialogueRow, Job, SampleRow
from proutt_core.errors import ConflictError
from proutt_core.types import Message, Split

AT_ONCE = 500
FETCHED = 1000


class OpenedRow(NamedTuple):
    """A dialogue of those that open alike."""

    id: int
    external_id: str
    group_key: str
    messages: tuple[Message, ...]


class GroupedRow(NamedTuple):
    """A dialogue and where it belongs."""

    id: int
    external_id: str
    group_key: str
    split: Split


class Removed(NamedTuple):
    """What a dialogue that was taken away counted for in the report."""

    id: int
    notes: Sequence[str]
    samples: int


def opened_alike(dataset_id: int) -> Iterator[list[OpenedRow]]:
    """The dialogues that open as another does, those of one opening together in the order of the file."""
    shared = (
        select(DialogueRow.opening_sha256)
        .where(DialogueRow.dataset_id == dataset_id, DialogueRow.opening_sha256 != "")
        .group_by(col(DialogueRow.opening_sha256))
        .having(sa.func.count() > 1)
    )
    named: list[Any] = [DialogueRow.id, DialogueRow.external_id, DialogueRow.group_key]
    rows: Any = (
        sa.select(col(DialogueRow.opening_sha256), *named, col(DialogueRow.messages))
        .where(col(DialogueRow.dataset_id) == dataset_id, col(DialogueRow.opening_sha256).in_(shared))
        .order_by(col(DialogueRow.opening_sha256), col(DialogueRow.id))
        .execution_options(yield_per=FETCHED)
    )
    with read() as session:
        for _, alike in groupby(session.execute(rows), key=itemgetter(0)):
            yield [
                OpenedRow(number, external_id, group_key, messages_of(messages))
                for _, number, external_id, group_key, messages in alike
            ]


def messages_of(stored: list[dict[str, Any]]) -> tuple[Message, ...]:
    """Not validated again: they were when they were stored."""
    return tuple(Message.model_construct(role=message["role"], content=message["content"]) for message in stored)


def grouped_rows(dataset_id: int) -> Iterator[GroupedRow]:
    """Every dialogue, in the order of the file."""
    rows = (
        select(DialogueRow.id, DialogueRow.external_id, DialogueRow.group_key, DialogueRow.split)
        .where(DialogueRow.dataset_id == dataset_id)
        .order_by(col(DialogueRow.id))
        .execution_options(yield_per=FETCHED)
    )
    with read() as session:
        yield from (GroupedRow(*row) for row in session.exec(rows))


def message_counts(dataset_id: int) -> Iterator[tuple[str, str, int]]:
    """External id, group and number of messages of every dialogue whose group is not itself."""
    rows = (
        select(DialogueRow.external_id, DialogueRow.group_key, sa.func.json_array_length(DialogueRow.messages))
        .where(DialogueRow.dataset_id == dataset_id, DialogueRow.group_key != DialogueRow.external_id)
        .execution_options(yield_per=FETCHED)
    )
    with read() as session:
        yield from session.exec(rows)


def only_group(dataset_id: int) -> str | None:
    """The group that holds all dialogues of a dataset that has more than one, if any does."""
    counts = select(
        sa.func.min(DialogueRow.group_key), sa.func.max(DialogueRow.group_key), sa.func.count(col(DialogueRow.id))
    ).where(DialogueRow.dataset_id == dataset_id)
    with read() as session:
        first, last, count = session.exec(counts).one()
    return first if count > 1 and first == last else None


def group_counts(dataset_id: int) -> Iterator[tuple[str, Split, int, int]]:
    """Group, split, dialogues, samples; a group of several splits comes once for each."""
    samples = (
        select(SampleRow.dialogue_id, sa.func.count().label("samples"))
        .join(DialogueRow, col(DialogueRow.id) == SampleRow.dialogue_id)
        .where(DialogueRow.dataset_id == dataset_id)
        .group_by(col(SampleRow.dialogue_id))
        .subquery()
    )
    rows: Any = (
        sa.select(
            col(DialogueRow.group_key),
            col(DialogueRow.split),
            sa.func.count(),
            sa.func.coalesce(sa.func.sum(samples.c.samples), 0),
        )
        .join(samples, samples.c.dialogue_id == DialogueRow.id, isouter=True)
        .where(col(DialogueRow.dataset_id) == dataset_id)
        .group_by(col(DialogueRow.group_key), col(DialogueRow.split))
        .order_by(col(DialogueRow.group_key), col(DialogueRow.split))
        .execution_options(yield_per=FETCHED)
    )
    with read() as session:
        for group, split, dialogues, number in session.execute(rows):
            yield group, split, dialogues, int(number)  # PostgreSQL adds up to decimals


def remove_dialogues(
    job_id: int, *, token: str, dataset_id: int, ids: Sequence[int], settle: Callable[[list[Removed]], SoFar]
) -> None:
    """Take away at most `AT_ONCE` dialogues with their samples; `settle` makes the report without them."""
    with write() as session:
        _require_claim(session, job_id, token)
        counts = select(SampleRow.dialogue_id, sa.func.count()).where(col(SampleRow.dialogue_id).in_(ids))
        samples: dict[int, int] = dict(session.exec(counts.group_by(col(SampleRow.dialogue_id))).all())
        notes = session.exec(select(DialogueRow.id, DialogueRow.notes).where(col(DialogueRow.id).in_(ids))).all()
        so_far = settle([Removed(number or 0, said, samples.get(number or 0, 0)) for number, said in notes])
        session.exec(sa.delete(SampleRow).where(col(SampleRow.dialogue_id).in_(ids)))
        session.exec(sa.delete(DialogueRow).where(col(DialogueRow.id).in_(ids)))
        session.exec(
            sa.update(Dataset).where(col(Dataset.id) == dataset_id).values(rows_read=so_far.rows, report=so_far.report)
        )


def regroup(job_id: int, *, token: str, dataset_id: int, changed: Sequence[GroupedRow], report: dict[str, Any]) -> None:
    """Give dialogues another group and split, and the dataset the report that counts them."""
    dialogue = DialogueRow.__table__  # type: ignore[attr-defined]
    statement = (
        sa.update(dialogue)
        .where(dialogue.c.id == sa.bindparam("row"))
        .values(group_key=sa.bindparam("group"), split=sa.bindparam("part"))
    )
    with write() as session:
        _require_claim(session, job_id, token)
        session.connection().execute(
            statement, [{"row": row.id, "group": row.group_key, "part": row.split} for row in changed]
        )
        session.exec(sa.update(Dataset).where(col(Dataset.id) == dataset_id).values(report=report))


def _require_claim(session: Session, job_id: int, token: str) -> None:
    holder = session.exec(select(Job.claim_token).where(Job.id == job_id).with_for_update(key_share=True)).first()
    if holder != token:
        raise ConflictError("the import was removed or taken over while it ran; start it again")
