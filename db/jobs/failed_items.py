"""Items of a run or a prediction that failed, each with the calls that tell why."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from db.engine import read
from db.jobs.call_rows import CALLS, LINKS, SERVED_COLUMNS, served_call
from db.jobs.calls import ITEM_COLUMNS
from db.jobs.items import TABLES
from db.tables import DialogueRow, Job, SampleRow
from proutt_core.types.calls import Call


@dataclass(frozen=True)
class FailedItem:
    id: int
    position: int
    dialogue: str  # external id
    stage: str
    reason: str
    calls: tuple[Call, ...] = ()


def failed_items(job_id: int, item_ids: Sequence[int]) -> list[FailedItem]:
    """The failed ones among these items, in the job's order, with every call of the failed stage and every
    other call whose reply could not be used. Give a page of ids, not thousands."""
    with read() as session:
        kind = session.exec(select(Job.kind).where(Job.id == job_id)).one()
        table: Any = TABLES[kind]
        columns: list[Any] = [table.id, table.position, DialogueRow.external_id, table.failed_stage, table.error]
        query: Any = select(*columns).select_from(table)
        rows = session.exec(
            query.join(SampleRow, col(SampleRow.id) == table.sample_id)
            .join(DialogueRow, col(DialogueRow.id) == SampleRow.dialogue_id)
            .where(table.job_id == job_id, table.id.in_(item_ids), table.state == "failed")
            .order_by(table.position, table.id)
        ).all()
        item = LINKS.c[ITEM_COLUMNS[kind]]
        query = (
            sa.select(item.label("item_id"), *SERVED_COLUMNS)
            .join_from(LINKS, CALLS, CALLS.c.id == LINKS.c.call_id)
            .join(table, table.id == item)
            .where(item.in_([row[0] for row in rows]))
            .where(sa.or_(~CALLS.c.valid, LINKS.c.stage == table.failed_stage))
            .order_by(LINKS.c.id)
        )
        calls: defaultdict[int, list[Call]] = defaultdict(list)
        for row in session.connection().execute(query):
            calls[row.item_id].append(served_call(row))
    return [
        FailedItem(
            id=item_id,
            position=position,
            dialogue=dialogue,
            stage=stage or "",
            reason=error or "",
            calls=tuple(calls[item_id]),
        )
        for item_id, position, dialogue, stage, error in rows
    ]
