"""What puts the texts back into an export that went out without them."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlmodel import col, select

from db.accounts.events import record
from db.engine import read, write
from db.tables import DialogueRow, PreferencePair
from proutt_core.types import Message, Split

_messages = TypeAdapter(tuple[Message, ...])


def contexts(
    dataset_id: int, targets: Sequence[tuple[str, int]]
) -> dict[tuple[str, int], tuple[Split, tuple[Message, ...]]]:
    """(external id, target index) → the dialogue's split here and the messages before the target, where it is known."""
    with read() as session:
        rows: Any = session.connection().execute(
            sa.select(
                col(DialogueRow.external_id), col(DialogueRow.split), sa.cast(col(DialogueRow.messages), sa.Text)
            ).where(
                col(DialogueRow.dataset_id) == dataset_id,
                col(DialogueRow.external_id).in_({external_id for external_id, _ in targets}),
            )
        )
        dialogues = {external_id: (split, _messages.validate_json(messages)) for external_id, split, messages in rows}
    return {
        (external_id, target): (dialogues[external_id][0], dialogues[external_id][1][:target])
        for external_id, target in targets
        if external_id in dialogues
    }


def prompts(dataset_id: int, rows: Sequence[int]) -> dict[int, tuple[Split, str]]:
    """Row of the imported file → the pair's split here and its prompt. Unknown ones are left out."""
    with read() as session:
        stored_pairs = session.exec(
            select(PreferencePair.source_row, PreferencePair.split, PreferencePair.verbatim).where(
                PreferencePair.dataset_id == dataset_id, col(PreferencePair.source_row).in_(rows)
            )
        ).all()
    return {row: (split, verbatim["prompt"]) for row, split, verbatim in stored_pairs if row is not None and verbatim}  # type: ignore[misc]


def record_join(*, dataset: str, path: str, rows: int, sha256: str, user_id: int | None = None) -> None:
    """Note that texts were put back into rows without them."""
    with write() as session:
        detail = {"rows": rows, "sha256": sha256, "dataset": dataset}
        record(session, user_id=user_id, kind="export.join", subject=path, detail=detail)
