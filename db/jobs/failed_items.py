"""Items of a run or a prediction that failed, each with what the model replied."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from db.engine import read
from db.jobs.calls import ITEM_COLUMNS
from db.jobs.items import TABLES
from db.tables import DialogueRow, ItemCall, Job, LlmCall, SampleRow


@dataclass(frozen=True)
class FailedReply:
    """One attempt: what came, and why it could not be used; `problem` None where its schema had nothing against it."""

    stage: str
    attempt: int
    problem: str | None
    reply: str


@dataclass(frozen=True)
class FailedItem:
    id: int
    position: int
    dialogue: str  # external id
    stage: str
    reason: str
    replies: tuple[FailedReply, ...] = field(default=())


def failed_items(job_id: int, item_ids: Sequence[int]) -> list[FailedItem]:
    """Those of these items that are failed, in the job's order, with every reply that the failed stage got or that
    could not be used. Give a page of ids, not thousands."""
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
        served = getattr(ItemCall, ITEM_COLUMNS[kind])
        columns = [served, ItemCall.stage, ItemCall.attempt, LlmCall.problem, LlmCall.reply]
        calls = session.exec(
            select(*columns)
            .join(LlmCall, col(LlmCall.id) == ItemCall.call_id)
            .join(table, table.id == served)
            .where(col(served).in_([row[0] for row in rows]))
            .where(sa.or_(col(LlmCall.valid).is_(False), col(ItemCall.stage) == table.failed_stage))
            .order_by(col(ItemCall.id))
        ).all()
    replies: dict[int, list[FailedReply]] = {}
    for item_id, stage, attempt, problem, reply in calls:
        replies.setdefault(item_id, []).append(FailedReply(stage, attempt, problem, reply))
    return [
        FailedItem(
            id=item_id,
            position=position,
            dialogue=dialogue,
            stage=stage or "",
            reason=error or "",
            replies=tuple(replies.get(item_id, ())),
        )
        for item_id, position, dialogue, stage, error in rows
    ]
