"""Synthesis runs: starting one, and working on one."""

import asyncio
from functools import partial
from typing import Any

from sqlmodel import Session

from db import datasets, dialogues, jobs, synthesis
from db.items import ItemClaim
from db.jobs import JobInfo, Started
from proutt_core.errors import SettingsError
from proutt_core.llm.choose import choose_model
from proutt_core.llm.model import Model
from proutt_core.synthesis import Outcome, run_settings, synthesise
from proutt_core.types import Thresholds
from proutt_core.worker.calls import ItemModel
from proutt_core.worker.items import Ended, run_model_items
from proutt_core.worker.shared import Shared

DEFAULT_THRESHOLDS = Thresholds()


def start_synthesis(
    *,
    dataset: str,
    run: str,
    model: str = "rules",
    base_url: str | None = None,
    split: str = "train",
    seed: int = 0,
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
    limit: int | None = None,
    concurrency: int = 8,
    created_by: int | None = None,
) -> Started:
    """Make the run, or go on with the one of that name, and queue it. Nothing is sent anywhere yet.

    ConflictError naming the settings that differ where the run was started with others.
    """
    chosen = choose_model(model, base_url=base_url)
    return synthesis.start_run(
        name=run,
        dataset_id=datasets.required(dataset).id,
        settings=settings_of(chosen, spec=model, base_url=base_url, split=split, seed=seed, thresholds=thresholds),
        limit=limit,
        concurrency=concurrency,
        created_by=created_by,
    )


def settings_of(
    model: Model, *, spec: str, base_url: str | None, split: str, seed: int, thresholds: Thresholds
) -> dict[str, Any]:
    """What a run is frozen to, named as on the command line, so that a difference can be told in the same words."""
    frozen = run_settings(model=model, thresholds=thresholds, seed=seed)
    limits = frozen.pop("thresholds")
    return {**frozen, **limits, "model": spec, "model_name": model.name, "base_url": base_url, "split": split}


async def run_synthesis(job_id: int, *, shared: Shared, concurrency: int | None = None) -> None:
    """Work on a run until it is done, stopped or has failed, beside other processes."""
    job = jobs.required(job_id)
    model = choose_model(job.settings["model"], base_url=job.settings["base_url"])
    _require_same_code(job, model)
    work = partial(_one, thresholds=_thresholds_of(job), seed=job.settings["seed"])
    await run_model_items(job, model, work, shared=shared, concurrency=concurrency)


def _thresholds_of(job: JobInfo) -> Thresholds:
    return Thresholds(tau_high=job.settings["tau_high"], tau_low=job.settings["tau_low"])


def _require_same_code(job: JobInfo, model: Model) -> None:
    """A worker of another version would mix two kinds of pairs in one run."""
    here = run_settings(model=model, thresholds=_thresholds_of(job), seed=job.settings["seed"])
    if here["prompts"] != job.settings["prompts"] or here["model"] != job.settings["model_name"]:
        raise SettingsError(
            f'the run "{job.name}" was started with other prompts, or another version of the model, than this program'
            " has; start a new run"
        )


async def _one(claim: ItemClaim, model: ItemModel, *, thresholds: Thresholds, seed: int) -> Ended:
    assert claim.sample_id is not None
    stored = await asyncio.to_thread(dialogues.sample_by_id, claim.sample_id)
    assert stored is not None
    outcome = await synthesise(model, stored.sample, thresholds=thresholds, seed=seed)
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
