"""Synthesis runs: starting one, and working on one."""

import asyncio
from collections.abc import Collection
from functools import partial
from typing import Any, cast

from sqlmodel import Session

from db.datasets import datasets, dialogues
from db.jobs import jobs
from db.jobs.items import ItemClaim
from db.jobs.jobs import JobInfo, Started
from db.review.queues import open_queues_of_run
from db.synthesis import runs as synthesis
from proutt_core.errors import ConflictError, InputError, SettingsError
from proutt_core.llm.choose import choose_model
from proutt_core.llm.model import Model
from proutt_core.llm.openrouter import pinned_in
from proutt_core.stages import PROMPT_VERSIONS
from proutt_core.synthesis import Outcome, run_settings, synthesise
from proutt_core.types import PARTS, Part, Thresholds
from proutt_core.worker.calls import ItemModel
from proutt_core.worker.costs import billing_day, required_rates
from proutt_core.worker.items import Ended, run_model_items
from proutt_core.worker.shared import Shared

DEFAULT_THRESHOLDS = Thresholds()
OTHER_PROMPTS = (
    'the run "{name}" was made with other versions of the prompts than this program has; what it made stays as it is,'
    " and the rest needs a new run under another name"
)
PILOT = 20  # dialogues of the first run of anything new: the first of the seeded order


def start_synthesis(
    *,
    dataset: str,
    run: str,
    model: str = "rules",
    base_url: str | None = None,
    upstream: str | None = None,
    split: str = "train",
    seed: int = 0,
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
    without: Collection[Part] = (),
    fresh: bool = False,
    limit: int | None = None,
    concurrency: int = 8,
    max_calls: int | None = None,
    max_cost: float | None = None,
    created_by: int | None = None,
) -> Started:
    """Make the run, or go on with the one of that name, and queue it. Nothing is sent anywhere yet.

    `without` leaves parts of the method out. `fresh` starts a new generation of calls at this address and model: no
    stored reply answers. Later runs there share the newest generation, what was paid last; a run keeps its own, also
    when it is resumed. `max_calls` and `max_cost` (in the currency of the model's price) pause the run before it makes
    or pays more; they count what the run spent before, and None leaves the limit that it has.

    ConflictError naming the settings that differ where the run was started with others, or where it is to become fresh
    and is not. SettingsError where a limit in money is given and no price is known. InputError for an unknown part.
    """
    unknown = sorted(set(without) - set(PARTS))
    if unknown:
        raise InputError(f"the parts of the method are {', '.join(PARTS)}; got {', '.join(unknown)}")
    chosen = choose_model(model, base_url=base_url, upstream=upstream)
    there = jobs.find(kind="synthesis", name=run)
    if there is not None and there.settings["prompts"] != dict(PROMPT_VERSIONS):
        raise ConflictError(OTHER_PROMPTS.format(name=run))
    if max_cost is not None:
        required_rates(address=chosen.address, model=chosen.name, on=billing_day(there))
    settings = settings_of(
        chosen,
        spec=model,
        base_url=base_url,
        split=split,
        seed=seed,
        thresholds=thresholds,
        without=without,
        generation=_generation(there, chosen, fresh=fresh),
    )
    return synthesis.start_run(
        name=run,
        dataset_id=datasets.required(dataset).id,
        settings=settings,
        limit=limit,
        concurrency=concurrency,
        max_calls=max_calls,
        max_cost=max_cost,
        created_by=created_by,
    )


def settings_of(
    model: Model,
    *,
    spec: str,
    base_url: str | None,
    split: str,
    seed: int,
    thresholds: Thresholds,
    without: Collection[Part] = (),
    generation: int = 0,
) -> dict[str, Any]:
    """What a run is frozen to, named as on the command line, so that a difference can be told in the same words.

    What a step added later is written where it is not the default only: earlier runs then still compare equal.
    """
    frozen = run_settings(model=model, thresholds=thresholds, seed=seed, without=frozenset(without))
    limits = frozen.pop("thresholds")
    pinned = pinned_in(model.parameters)
    later: dict[str, Any] = {} if pinned is None else {"upstream": pinned}
    later |= {"generation": generation} if generation else {}
    return {**frozen, **limits, **later, "model": spec, "model_name": model.name, "base_url": base_url, "split": split}


def _generation(there: JobInfo | None, model: Model, *, fresh: bool) -> int:
    """Of the call log: a run keeps its own; a new one opens the next with `fresh`, else shares the newest."""
    generations = synthesis.generations(address=model.address, model=model.name)
    newest = max(generations, default=0)
    if there is None:
        return newest + 1 if fresh else newest
    own = int(there.settings.get("generation", 0))
    if fresh and (own == 0 or generations.get(own) != there.name):
        raise ConflictError(
            f'the run "{there.name}" was not started with --fresh and keeps the calls that it has; choose another name'
            " to ask everything anew"
        )
    return own


async def run_synthesis(job_id: int, *, shared: Shared, concurrency: int | None = None) -> None:
    """Work on a run until it is done, stopped or has failed, beside other processes."""
    job = jobs.required(job_id)
    settings = job.settings
    model = choose_model(settings["model"], base_url=settings["base_url"], upstream=settings.get("upstream"))
    _require_same_code(job, model)
    work = partial(_one, thresholds=_thresholds_of(job), seed=settings["seed"], without=_without(job))
    await run_model_items(job, model, work, shared=shared, concurrency=concurrency, completed=open_queues_of_run)


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
