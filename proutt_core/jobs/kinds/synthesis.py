"""Synthesis runs: starting one, and working on one."""

import asyncio
from functools import partial
from typing import cast

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
from proutt_core.llm.providers.model_ref import choose_model
from proutt_core.synthesis.synthesise import Outcome, run_settings, synthesise
from proutt_core.types import Part, Thresholds


async def run_synthesis(job_id: int, *, shared: ProcessResources, concurrency: int | None = None) -> None:
    """Work on a run until it is done, stopped or has failed, beside other processes."""
    job = jobs.required(job_id)
    settings = job.settings
    model = choose_model(settings["model"], base_url=settings["base_url"], upstream=settings.get("upstream"))
    _require_same_code(job, model)
    work = partial(_one, thresholds=_thresholds_of(job), seed=settings["seed"], without=_without(job))
    await run_model_items(job, model, work, shared=shared, concurrency=concurrency)


def _thresholds_of(job: JobInfo) -> Thresholds:
    return Thresholds(tau_high=job.settings["tau_high"], tau_low=job.settings["tau_low"])


def _without(job: JobInfo) -> frozenset[Part]:
    return frozenset(cast("list[Part]", job.settings.get("without", [])))


def _require_same_code(job: JobInfo, model: Model) -> None:
    """A worker of another version would mix two kinds of pairs in one run."""
    here = run_settings(model=model, thresholds=_thresholds_of(job), seed=job.settings["seed"])
    if here["prompts"] != job.settings["prompts"] or here["model"] != job.settings["model_name"]:
        raise SettingsError(
            f'the run "{job.name}" was started with other prompts, or another version of the model, than this program'
            " has; start a new run"
        )


async def _one(
    claim: ItemClaim, model: ItemModel, *, thresholds: Thresholds, seed: int, without: frozenset[Part]
) -> Ended:
    assert claim.sample_id is not None
    stored = await asyncio.to_thread(dialogues.sample_by_id, claim.sample_id)
    assert stored is not None
    outcome = await synthesise(model, stored.sample, thresholds=thresholds, seed=seed, without=without)
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
