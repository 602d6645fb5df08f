"""Whether a dataset's texts may be passed on, corrected by somebody who has read its licence."""

from sqlmodel import select

from db.accounts.events import record
from db.engine import write
from db.tables import Dataset
from proutt_core.errors import InputError


def set_redistributable(*, name: str, redistributable: bool, reason: str, user_id: int | None = None) -> None:
    """Say whether exports may hold the dataset's texts, and why. InputError without a reason or such a dataset."""
    if not reason.strip():
        raise InputError("say why: what the licence allows or forbids, or who allowed it")
    with write() as session:
        row = session.exec(
            select(Dataset).where(Dataset.name == name, Dataset.state == "ready").with_for_update(key_share=True)
        ).first()
        if row is None:
            raise InputError(f'no dataset is named "{name}"')
        row.redistributable = redistributable
        detail = {"redistributable": redistributable, "reason": reason.strip()}
        record(session, user_id=user_id, kind="dataset.licence", subject=name, detail=detail)
