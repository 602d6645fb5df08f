"""Datasets: made in state importing, invisible until ready."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from db.accounts.events import record
from db.blinding.public_titles import check_public_title
from db.columns import row_id
from db.datasets import datasets
from db.engine import read, write
from db.tables import Dataset, DialogueRow, Job, PreferencePair, Queue, SampleRow
from proutt_core.errors import ConflictError, InputError
from proutt_core.types.names import require_name

REMOVED_AT_ONCE = 5_000


@dataclass(frozen=True)
class DatasetInfo:
    id: int
    name: str
    public_title: str
    format: str
    licence: str
    source: str
    state: str
    settings: dict[str, Any]
    report: dict[str, Any]
    created_at: datetime
    kind: str = "dialogues"  # or "pairs": a released preference or SFT file
    redistributable: bool = True
    dialogues: int = 0
    samples: int = 0
    dialogues_by_split: dict[str, int] = field(default_factory=dict)
    samples_by_split: dict[str, int] = field(default_factory=dict)
    pairs_by_split: dict[str, int] = field(default_factory=dict)

    @property
    def pairs(self) -> int:
        return sum(self.pairs_by_split.values())

    def samples_in(self, split: str) -> int:
        """Of one split, or of all."""
        return self.samples if split == "all" else self.samples_by_split.get(split, 0)


def create(
    *,
    name: str,
    public_title: str,
    source: str,
    settings: dict[str, Any],
    format: str = "",
    licence: str = "",
    kind: Literal["dialogues", "pairs"] = "dialogues",
    redistributable: bool = True,
) -> int:
    """A new dataset in state importing.

    ConflictError where the name is taken; InputError where the public title would give a method, model or run away.
    """
    require_name(name, of="a dataset")
    try:
        with write() as session:
            check_public_title(session, public_title)
            row = Dataset(
                name=name,
                public_title=public_title,
                source=source,
                settings=settings,
                format=format,
                licence=licence,
                kind=kind,
                redistributable=redistributable,
            )
            session.add(row)
            session.flush()
            return row_id(row.id)
    except IntegrityError as exc:
        raise ConflictError(f'a dataset named "{name}" is already there; choose another name') from exc


def require_free(name: str) -> None:
    """ConflictError where a dataset of this name is ready; what an interrupted import left does not count."""
    with read() as session:
        state = session.exec(select(Dataset.state).where(Dataset.name == name)).first()
    if state == "ready":
        raise ConflictError(f'a dataset named "{name}" is already there; choose another name')


def require_public(title: str) -> None:
    """InputError where annotators must not see this title, before anything is imported under it."""
    with read() as session:
        check_public_title(session, title)


def retitle(*, name: str, public_title: str, user_id: int | None = None) -> None:
    """Another title for what annotators see of a dataset, on the queues of its runs too."""
    with write() as session:
        row = session.exec(select(Dataset).where(Dataset.name == name, Dataset.state == "ready")).first()
        if row is None:
            raise InputError(f'no dataset is named "{name}"')
        check_public_title(session, public_title)
        runs = select(Job.id).where(Job.dataset_id == row.id, Job.kind == "synthesis")
        of_it = sa.or_(col(Queue.job_id).in_(runs), col(Queue.dataset_id) == row.id)
        session.exec(sa.update(Queue).where(of_it).values(public_title=public_title))
        row.public_title = public_title
        record(session, user_id=user_id, kind="dataset.title", subject=name, detail={"title": public_title})


def finish(dataset_id: int, *, format: str, report: dict[str, Any]) -> None:
    """The import is complete: from now on the dataset is visible."""
    with write() as session:
        row = session.get_one(Dataset, dataset_id, with_for_update=True)
        if row.state != "importing":
            raise ConflictError(f'dataset "{row.name}" is {row.state}, not being imported')
        row.state, row.format, row.report = "ready", format, report


def remove_unfinished(name: str) -> bool:
    """Take away what an interrupted or failed import of this name left. True if there was anything.

    The caller holds the claim on the import of this name, so that nobody is adding to it.
    """
    with read() as session:
        dataset_id = session.exec(select(Dataset.id).where(Dataset.name == name, Dataset.state != "ready")).first()
    return dataset_id is not None and remove(dataset_id)


def remove(dataset_id: int) -> bool:
    """Take away a dataset that is not ready, in short transactions, so that nobody waits long. True if it was there."""
    with write() as session:
        row = session.get(Dataset, dataset_id, with_for_update={"key_share": True})
        if row is None or row.state == "ready":
            return False
        row.state = "failed"  # nothing can be appended from here on
    while _remove_some(dataset_id):
        pass
    with write() as session:
        session.exec(sa.update(Job).where(col(Job.dataset_id) == dataset_id).values(dataset_id=None))
        session.exec(sa.delete(Dataset).where(col(Dataset.id) == dataset_id))
    return True


def _remove_some(dataset_id: int) -> int:
    with write() as session:
        ids = session.exec(
            select(DialogueRow.id).where(DialogueRow.dataset_id == dataset_id).limit(REMOVED_AT_ONCE)
        ).all()
        session.exec(sa.delete(SampleRow).where(col(SampleRow.dialogue_id).in_(ids)))
        session.exec(sa.delete(DialogueRow).where(col(DialogueRow.id).in_(ids)))
        return len(ids) + datasets.remove_some_pairs(session, dataset_id=dataset_id, limit=REMOVED_AT_ONCE)


def list_ready(*, kind: Literal["dialogues", "pairs"] | None = None) -> list[DatasetInfo]:
    """All datasets that are ready (of one kind), newest first, with their counts."""
    with read() as session:
        ready = select(Dataset).where(Dataset.state == "ready").order_by(col(Dataset.id).desc())
        rows = session.exec(ready if kind is None else ready.where(Dataset.kind == kind)).all()
        return _with_counts(session, rows)


def find(name: str) -> DatasetInfo | None:
    """The ready dataset of that name, with its counts."""
    with read() as session:
        rows = session.exec(select(Dataset).where(Dataset.name == name, Dataset.state == "ready")).all()
        return next(iter(_with_counts(session, rows)), None)


def get(dataset_id: int) -> DatasetInfo | None:
    """The ready dataset of that id, with its counts."""
    with read() as session:
        rows = session.exec(select(Dataset).where(Dataset.id == dataset_id, Dataset.state == "ready")).all()
        return next(iter(_with_counts(session, rows)), None)


def required(name: str) -> DatasetInfo:
    """The ready dataset of that name. InputError naming the datasets there are."""
    dataset = find(name)
    if dataset is not None:
        return dataset
    with read() as session:
        names = session.exec(select(Dataset.name).where(Dataset.state == "ready").order_by(Dataset.name)).all()
    known = ", ".join(names) or "none yet; make one with `import`"
    raise InputError(f'no dataset is named "{name}"; there are: {known}')


def _with_counts(session: Session, rows: Sequence[Dataset]) -> list[DatasetInfo]:
    ids = [row_id(row.id) for row in rows]
    dialogues = _counts(
        session,
        select(DialogueRow.dataset_id, DialogueRow.split, sa.func.count())
        .where(col(DialogueRow.dataset_id).in_(ids))
        .group_by(col(DialogueRow.dataset_id), col(DialogueRow.split)),
    )
    samples = _counts(
        session,
        select(DialogueRow.dataset_id, DialogueRow.split, sa.func.count())
        .join(SampleRow, col(SampleRow.dialogue_id) == DialogueRow.id)
        .where(col(DialogueRow.dataset_id).in_(ids))
        .group_by(col(DialogueRow.dataset_id), col(DialogueRow.split)),
    )
    pairs = datasets.pair_counts(session, [row_id(row.id) for row in rows if row.kind == "pairs"])
    return [
        _info(row, dialogues.get(row_id(row.id), {}), samples.get(row_id(row.id), {}), pairs.get(row_id(row.id), {}))
        for row in rows
    ]


def _counts(session: Session, statement: Any) -> dict[int, dict[str, int]]:
    counts_by_dataset: dict[int, dict[str, int]] = {}
    for dataset_id, split, count in session.exec(statement):
        counts_by_dataset.setdefault(dataset_id, {})[split] = count
    return counts_by_dataset


def _info(row: Dataset, dialogues: dict[str, int], samples: dict[str, int], pairs: dict[str, int]) -> DatasetInfo:
    return DatasetInfo(
        id=row_id(row.id),
        name=row.name,
        public_title=row.public_title,
        format=row.format,
        licence=row.licence,
        source=row.source,
        state=row.state,
        settings=row.settings,
        report=row.report,
        created_at=row.created_at,
        kind=row.kind,
        redistributable=row.redistributable,
        dialogues=sum(dialogues.values()),
        samples=sum(samples.values()),
        dialogues_by_split=dialogues,
        samples_by_split=samples,
        pairs_by_split=pairs,
    )


def remove_some_pairs(session: Session, *, dataset_id: int, limit: int) -> int:
    """Take away up to `limit` pairs of a dataset that never became ready; how many those were."""
    ids = session.exec(select(PreferencePair.id).where(PreferencePair.dataset_id == dataset_id).limit(limit)).all()
    session.exec(sa.delete(PreferencePair).where(col(PreferencePair.id).in_(ids)))
    return len(ids)


def pair_counts(session: Session, dataset_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """Dataset → split → how many pairs."""
    counts_by_dataset: dict[int, dict[str, int]] = {}
    rows = session.exec(
        select(PreferencePair.dataset_id, PreferencePair.split, sa.func.count())
        .where(col(PreferencePair.dataset_id).in_(dataset_ids))
        .group_by(col(PreferencePair.dataset_id), col(PreferencePair.split))
    )
    for dataset_id, split, count in rows:
        if dataset_id is not None:
            counts_by_dataset.setdefault(dataset_id, {})[split] = count
    return counts_by_dataset
