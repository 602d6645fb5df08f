"""A small project to work on: bundled dialogues as a dataset, and what a run made of them, ids left out."""

import asyncio
from typing import Any

from sqlmodel import col, select

from db.engine import read
from db.tables import DialogueRow, PreferencePair, SampleRow, SynthesisItem
from proutt_core.actions.importing import import_now
from proutt_core.actions.sample import sample_path
from proutt_core.dialogues import ImportSettings, parse_shares
from proutt_core.jobs.kinds.importing import ImportRequest
from proutt_core.jobs.kinds.synthesis import run_synthesis
from proutt_core.jobs.process_resources import process_resources

DATASET = "talks"


def import_talks(dialogues: int = 10, *, name: str = DATASET, split: str = "100/0/0") -> None:
    """The first dialogues of the bundled sample, one sample each."""
    settings = ImportSettings(limit=dialogues, shares=parse_shares(split))
    import_now(ImportRequest(path=str(sample_path()), dataset=name, public_title="Talks", settings=settings))


def run_here(job_id: int, *, concurrency: int = 4) -> None:
    async def work() -> None:
        async with process_resources() as shared:
            await run_synthesis(job_id, shared=shared, concurrency=concurrency)

    asyncio.run(work())


def rows_of_run(job_id: int) -> list[dict[str, Any]]:
    """Every item of a run with its pair, in the run's order, without ids, times and what a second try would change."""
    with read() as session:
        rows = session.exec(
            select(SynthesisItem, PreferencePair, DialogueRow.external_id, SampleRow.target_index)
            .join(SampleRow, col(SampleRow.id) == SynthesisItem.sample_id)
            .join(DialogueRow, col(DialogueRow.id) == SampleRow.dialogue_id)
            .join(PreferencePair, col(PreferencePair.item_id) == SynthesisItem.id, isouter=True)
            .where(SynthesisItem.job_id == job_id)
            .order_by(col(SynthesisItem.position))
        ).all()
        return [
            {
                "sample": (external_id, target),
                "item": item.model_dump(include={"position", "variant", "state", "results", "branch", "error"}),
                "pair": pair
                and pair.model_dump(include={"chosen", "rejected", "split", "branch", "perturbed", "gates_failed"}),
            }
            for item, pair, external_id, target in rows
        ]
