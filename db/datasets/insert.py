"""Dialogues and their samples added to a dataset that is being imported, many in one transaction.

They come as columns, lists and objects already as JSON text, and go to the driver as they are: the ORM and its JSON
types would take three times as long, SQLAlchemy's own inserts a fifth longer.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.tables import Dataset, DialogueRow
from proutt_core.errors import ConflictError

LOOKED_UP_AT_ONCE = 500


class NewColumns(NamedTuple):
    """A dialogue as its table holds it. `samples`: target index, and the later utterances' indexes as a JSON list."""

    external_id: str
    group_key: str
    split: str
    language: str
    messages: str
    notes: str
    original: str | None
    checks: str
    personal_data: str
    text_sha256: str
    opening_sha256: str
    search_text: str
    samples: tuple[tuple[int, str], ...]


_DIALOGUE = ("id", "dataset_id", *NewColumns._fields[:-1])
_SAMPLE = ("dialogue_id", "target_index", "later_indexes")


def insert(session: Session, dataset_id: int, batch: Sequence[NewColumns]) -> list[str | None]:
    """Add a batch. Returns the id each dialogue got, None where it was there already.

    Same external id and same text is a duplicate; the same id with another text is kept as `id#2`, `id#3` and so on.
    ConflictError where the dataset is not being imported any more.
    """
    state = session.exec(
        select(Dataset.state).where(Dataset.id == dataset_id).with_for_update(key_share=True)
    ).one_or_none()
    if state != "importing":
        raise ConflictError("the import was removed or taken over while it ran; start it again")
    external_ids = _ids(session, dataset_id, batch)
    named = [(name, new) for name, new in zip(external_ids, batch, strict=True) if name is not None]
    if not named:
        return external_ids
    numbers = _next_numbers(session, len(named))
    dialogues = [(number, dataset_id, name, *new[1:-1]) for number, (name, new) in zip(numbers, named, strict=True)]
    _put(session, "dialogue", _DIALOGUE, dialogues)
    samples = [(number, *cut) for number, (_, new) in zip(numbers, named, strict=True) for cut in new.samples]
    if samples:
        _put(session, "sample", _SAMPLE, samples)
    return external_ids


def _put(session: Session, table: str, names: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    connection = session.connection()
    place = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    values = ", ".join([place] * len(names))
    connection.exec_driver_sql(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({values})", rows)


def _next_numbers(session: Session, count: int) -> list[int]:
    """Primary keys for so many dialogues, rising: the file's order, known before anything is put in."""
    if session.get_bind().dialect.name == "sqlite":  # the transaction holds the only write lock
        last = session.exec(select(sa.func.max(DialogueRow.id))).one() or 0
        return list(range(last + 1, last + 1 + count))
    sequence = sa.func.nextval(sa.func.pg_get_serial_sequence("dialogue", "id"))
    drawn: Any = sa.select(sequence).select_from(sa.func.generate_series(1, count))
    return sorted(session.scalars(drawn).all())


def _ids(session: Session, dataset_id: int, batch: Sequence[NewColumns]) -> list[str | None]:
    known = _texts_by_id(session, dataset_id, {new.external_id for new in batch})
    ids: list[str | None] = []
    for new in batch:
        external_id = new.external_id
        number = 1
        while external_id in known and known[external_id] != new.text_sha256:
            number += 1
            external_id = f"{new.external_id}#{number}"
            if external_id not in known:
                known |= _texts_by_id(session, dataset_id, {external_id})
        ids.append(None if external_id in known else external_id)
        known[external_id] = new.text_sha256
    return ids


def _texts_by_id(session: Session, dataset_id: int, external_ids: Iterable[str]) -> dict[str, str]:
    ids = sorted(external_ids)
    texts: dict[str, str] = {}
    for start in range(0, len(ids), LOOKED_UP_AT_ONCE):
        rows = session.exec(
            select(DialogueRow.external_id, DialogueRow.text_sha256).where(
                DialogueRow.dataset_id == dataset_id,
                col(DialogueRow.external_id).in_(ids[start : start + LOOKED_UP_AT_ONCE]),
            )
        )
        texts |= dict(rows.all())
    return texts
