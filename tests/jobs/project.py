"""A small project to work on: bundled dialogues as a dataset, and what a run made of them, ids left out."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from types import MappingProxyType
from typing import Any

from sqlmodel import col, select

from db.engine import read
from db.jobs.jobs import Started
from db.tables import DialogueRow, PreferencePair, SampleRow, SynthesisItem
from proutt_core.actions.importing import import_now
from proutt_core.actions.sample import sample_path
from proutt_core.actions.synthesis import start_synthesis
from proutt_core.dialogues import ImportSettings, parse_shares
from proutt_core.jobs.kinds.importing import ImportRequest
from proutt_core.jobs.kinds.synthesis import run_synthesis
from proutt_core.jobs.process_resources import process_resources
from proutt_core.llm.providers.model_ref import ModelRef
from proutt_core.runs.request import RunRequest

DATASET = "talks"


def import_talks(dialogues: int = 10, *, name: str = DATASET, split: str = "100/0/0") -> None:
    """The first dialogues of the bundled sample, one sample each."""
    settings = ImportSettings(limit=dialogues, shares=parse_shares(split))
    import_now(ImportRequest(paths=(str(sample_path()),), dataset=name, public_title="Talks", settings=settings))


def run_request(
    run: str = "r",
    *,
    model: str = "rules",
    base_url: str | None = None,
    given: Mapping[str, Any] = MappingProxyType({}),
    without: Collection[Any] = (),
    **more: Any,
) -> RunRequest:
    """A run of these words, on the imported talks where no other dataset is named."""
    more = {"dataset": DATASET} | more
    return RunRequest(
        run=run, model=ModelRef(model, base_url=base_url, given=given), without=frozenset(without), **more
    )


def queue_run(run: str = "r", **words: Any) -> Started:
    return start_synthesis(run_request(run, **words))


def run_here(job_id: int, *, concurrency: int = 4, work: Callable[..., Awaitable[None]] = run_synthesis) -> None:
    async def run() -> None:
        async with process_resources() as shared:
            await work(job_id, shared=shared, concurrency=concurrency)

    asyncio.run(run())


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
