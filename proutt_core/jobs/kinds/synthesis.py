"""Synthesis runs: starting one, and working on one."""

import asyncio
from functools import partial

from sqlmodel import Session

from db.datasets import dialogues
from db.jobs import jobs
from db.jobs.items import ItemClaim
from db.jobs.jobs import JobInfo
from db.synthesis import runs as synthesis
from proutt_core.errors import SettingsError
from proutt_core.jobs.item_model import ItemModel
from proutt_core.jobs.process_resources import ProcessResources
from proutt_core.jobs.run_items import Ended, run_model_items
from proutt_core.llm.model import Model
from proutt_core.runs.request import RunSettings
from proutt_core.synthesis.stages import older_prompts
from proutt_core.synthesis.synthesise import NEWEST, Outcome, synthesise


async def run_synthesis(job_id: int, *, shared: ProcessResources, concurrency: int | None = None) -> None:
    """Work on a run until it is done, stopped or has failed, beside other processes."""
    job = jobs.required(job_id)
    settings = RunSettings.from_stored(job.settings)
    model = settings.model.open()
    _require_same_code(job, settings, model)
    work = partial(_make_pair, settings=settings)
    await run_model_items(job, model, work, shared=shared, concurrency=concurrency)


def _require_same_code(job: JobInfo, settings: RunSettings, model: Model) -> None:
    """A worker of another version would mix two kinds of pairs in one run."""
    if older_prompts(settings.prompts) is None or settings.model_name != model.name:
        raise SettingsError(
            f'the run "{job.name}" was started with other prompts, or another version of the model, than this program'
            " has; start a new run"
        )


async def _make_pair(claim: ItemClaim, model: ItemModel, *, settings: RunSettings) -> Ended:
    assert claim.sample_id is not None
    stored = await asyncio.to_thread(dialogues.sample_by_id, claim.sample_id)
    assert stored is not None
    outcome = await synthesise(
        model,
        stored.sample,
        thresholds=settings.thresholds,
        seed=settings.seed,
        without=settings.without,
        older_prompts=older_prompts(settings.prompts) or NEWEST,
    )
    failure = outcome.failure
    return Ended(
        save=partial(_save, claim=claim, outcome=outcome),
        unavailable=failure.reason if failure and failure.kind == "unavailable" else None,
    )


def _save(session: Session, *, claim: ItemClaim, outcome: Outcome) -> bool:
    if outcome.pair is not None:
        return synthesis.save_pair(session, claim, results=outcome.results, pair=outcome.pair)
    assert outcome.failure is not None
    return synthesis.save_failure(
        session, claim, stage=outcome.failure.stage, error=outcome.failure.reason, results=outcome.results
    )
