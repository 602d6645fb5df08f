"""What stands on a dataset's texts: while anything does, its dialogues neither change nor go."""

from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.engine import read, write
from db.jobs.jobs import ACTIVE
from db.tables import Dataset, Job, NearDuplicate, PreferencePair, SampleRow, Study
from db.tables import DialogueRow as Row
from proutt_core.errors import ConflictError
from proutt_core.types.job_kinds import KINDS

HOLD_ALWAYS = [kind.name for kind in KINDS.values() if kind.holds_texts == "always"]
HOLD_WHILE_ACTIVE = [kind.name for kind in KINDS.values() if kind.holds_texts == "while active"]
NAMED = 3


def uses(dataset_id: int) -> tuple[str, ...]:
    """What uses it, in words and by name: `the run "first"`. Empty: its dialogues may be masked or dropped."""
    with read() as session:
        return uses_in(session, dataset_id)


def uses_in(session: Session, dataset_id: int) -> tuple[str, ...]:
    uses = work_on(session, dataset_id)
    if session.exec(select(PreferencePair.id).where(PreferencePair.dataset_id == dataset_id).limit(1)).first():
        uses += ("pairs imported with it",)
    return uses


def work_on(session: Session, dataset_id: int, *, any_active: bool = False) -> tuple[str, ...]:
    """The jobs and studies that stand on its texts; with `any_active` also every other job that is not over."""
    active = col(Job.state).in_(ACTIVE)
    holds = active if any_active else sa.and_(col(Job.kind).in_(HOLD_WHILE_ACTIVE), active)
    jobs = session.exec(
        select(Job.kind, Job.name)
        .where(Job.dataset_id == dataset_id, sa.or_(col(Job.kind).in_(HOLD_ALWAYS), holds))
        .order_by(col(Job.id))
    ).all()
    studies = session.exec(select(Study.name).where(Study.dataset_id == dataset_id).order_by(col(Study.id))).all()
    return (*(f'the {KINDS[kind].noun} "{name}"' for kind, name in jobs), *(f'the study "{name}"' for name in studies))


def in_words(uses: tuple[str, ...]) -> str:
    """The first of them, and how many more."""
    return ", ".join(uses[:NAMED]) + (f" and {len(uses) - NAMED} more" if len(uses) > NAMED else "")


def require_unused(dataset_id: int) -> None:
    """ConflictError that names what uses the dataset and says what to do instead."""
    with write() as session:
        hold_unused(session, dataset_id)


def hold_unused(session: Session, dataset_id: int) -> Dataset:
    """The dataset's row, locked until the transaction ends. ConflictError where something uses the dataset, or where
    it is not ready."""
    row = session.get(Dataset, dataset_id, with_for_update=True)
    if row is None or row.state != "ready":
        raise ConflictError("this dataset is not ready, or was removed")
    uses = uses_in(session, dataset_id)
    if uses:
        raise ConflictError(
            f'the dialogues of "{row.name}" cannot change any more: {in_words(uses)} stand on them. Import the file'
            " again under another name, with its personal data masked or dropped, and use that one"
        )
    return row


def hold_texts(session: Session, dataset_id: int) -> None:
    """Until the transaction ends nobody masks, drops or removes its dialogues: for work that is about to stand on
    them. ConflictError where it was removed."""
    row = session.get(Dataset, dataset_id, with_for_update={"key_share": True, "read": True})
    if row is None or row.state != "ready":
        raise ConflictError("this dataset is not ready, or was removed")


def drop_dialogues(session: Session, ids: list[int]) -> None:
    """With their samples and what the search for near-duplicates said of them. The caller holds the dataset unused."""
    about: Any = sa.or_(col(NearDuplicate.dialogue_id).in_(ids), col(NearDuplicate.like_id).in_(ids))
    session.exec(sa.delete(NearDuplicate).where(about))
    session.exec(sa.delete(SampleRow).where(col(SampleRow.dialogue_id).in_(ids)))
    session.exec(sa.delete(Row).where(col(Row.id).in_(ids)))
