"""What a synthesis run would take, from the dialogues that it would read and from earlier runs of the same model."""

import statistics
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from db.datasets import datasets, dialogues
from db.datasets.seeded_order import samples_for_job
from db.jobs import calls, jobs, usage
from db.jobs.jobs import JobInfo
from db.jobs.usage import StageUsage
from db.synthesis import history as earlier
from proutt_core.actions.synthesis import DEFAULT_THRESHOLDS
from proutt_core.errors import InputError
from proutt_core.jobs.bills import address_of, billing_day, model_name_of, no_price, rates_of
from proutt_core.llm.providers.model_ref import ladder_of
from proutt_core.llm.providers.openrouter import is_openrouter, upstream_for
from proutt_core.runs.dry_run import Lengths, measure, rough_tokens
from proutt_core.runs.forecast import FEWEST_CALLS, FEWEST_ITEMS, Forecast, History, Plan, StageHistory, forecast
from proutt_core.synthesis.stages import PROMPT_VERSIONS
from proutt_core.synthesis.synthesise import branch_of
from proutt_core.types import Part, Sample, Thresholds

SAMPLES_READ = 100  # of the run's own seeded order: enough for a mean length, within about a second
RUNS_READ = 10  # the newest of the model
ITEMS_READ = 40  # whose calls tell how many tokens a character makes


@dataclass(frozen=True)
class _Wanted:
    """A run as it would be started."""

    address: str
    model: str
    seed: int
    thresholds: Thresholds
    without: frozenset[Part]
    upstream: str | None
    fresh: bool
    there: JobInfo | None  # the run of that name, if it was started before


def forecast_run(
    *,
    dataset: str,
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
    run: str | None = None,
) -> Forecast:
    """What `start_synthesis` with the same words would take; `run` is its name, so that what it has done is left out.

    Nothing is started and nothing is sent; no key is needed. InputError where there is no such dataset or model.
    """
    if concurrency < 1:
        raise InputError(f"the calls at a time must be at least 1; got {concurrency}")
    address, name = address_of(model, base_url), model_name_of(model, base_url)
    wanted = _Wanted(
        address=address,
        model=name,
        seed=seed,
        thresholds=thresholds,
        without=frozenset(without),
        upstream=upstream_for(name, upstream) if is_openrouter(address) else None,
        fresh=fresh,
        there=jobs.find(kind="synthesis", name=run) if run else None,
    )
    order = samples_for_job(dataset_id=datasets.required(dataset).id, split=split, seed=seed, limit=limit)[:limit]
    plan, new = _plan(order, wanted)
    history = _history(wanted)
    # Where the server's own count is known, it holds the schema already.
    with_schema = history.tokens_factor is None and (
        bool(wanted.address) and ladder_of(model, base_url=base_url)[0] != "json_schema"
    )
    lengths, notes = _lengths(new or order, wanted, with_schema=with_schema)
    day = billing_day(wanted.there)
    return forecast(
        plan,
        lengths,
        history,
        rates=rates_of(address=wanted.address, model=wanted.model, on=day),
        price_note=no_price(address=wanted.address, model=wanted.model, on=day),
        concurrency=concurrency,
        in_process=not wanted.address,
        notes=notes,
    )


def _plan(order: list[int], wanted: _Wanted) -> tuple[Plan, list[int]]:
    """How much is to be asked, and the samples that everything is to be asked of."""
    own = {item.sample_id for item in earlier.done_items([wanted.there.id])} if wanted.there else set()
    left = [sample_id for sample_id in order if sample_id not in own]
    known = {item.sample_id: item for item in earlier.done_items([job.id for job in _same_calls(wanted)])}
    chosen = rejected = 0
    for sample_id in left:
        item = known.get(sample_id)
        if item is not None:
            now = branch_of(item.top_similarity, wanted.thresholds)
            chosen += now != "high" and item.branch == "high"
            rejected += now != "low" and item.branch == "low"
    new = [sample_id for sample_id in left if sample_id not in known]
    plan = Plan(new=len(new), known=len(left) - len(new), missing_chosen=chosen, missing_rejected=rejected)
    return plan, new


def _lengths(order: list[int], wanted: _Wanted, *, with_schema: bool) -> tuple[Lengths, tuple[str, ...]]:
    found = dialogues.samples_by_id(order[:SAMPLES_READ])
    samples = tuple(found[sample_id].sample for sample_id in order[:SAMPLES_READ])
    lengths = _measured(samples, seed=wanted.seed, without=wanted.without, with_schema=with_schema)
    told = [
        f"Prompts: the real ones of {len(samples)} of the run's dialogues, with the trees and reasonings of the rules."
    ]
    if with_schema:
        told.append("The reply's schema is part of every prompt, for this provider takes it in no other way.")
    return lengths, tuple(told)


@lru_cache(maxsize=8)
def _measured(samples: tuple[Sample, ...], *, seed: int, without: frozenset[Part], with_schema: bool) -> Lengths:
    """Kept for these very texts: nine tenths of an estimate's time, and a form asks again at every field."""
    return measure(samples, seed=seed, without=without, with_schema=with_schema)


# --- what earlier runs tell -------------------------------------------------------------------------------------------


def _runs(wanted: _Wanted) -> list[JobInfo]:
    """Of this model at this address, the newest first."""
    return [job for job in jobs.list_jobs(kind="synthesis") if _asks(job.settings, wanted)]


def _asks(settings: dict[str, Any], wanted: _Wanted) -> bool:
    return (settings.get("address"), settings.get("model_name")) == (wanted.address, wanted.model)


def _same_calls(wanted: _Wanted) -> list[JobInfo]:
    """Runs whose stored calls will answer this run's, but for revisions, in the order of their making."""
    runs = _runs(wanted)[::-1]
    newest = max((job.settings.get("generation", 0) for job in runs), default=0)
    generation = newest if wanted.there is None else wanted.there.settings.get("generation", 0)
    if wanted.fresh and wanted.there is None:
        return []
    asked = (wanted.seed, sorted(wanted.without), PROMPT_VERSIONS, wanted.upstream or "", generation)
    return [job for job in runs if _what_calls_depend_on(job.settings) == asked]


def _what_calls_depend_on(settings: dict[str, Any]) -> tuple[Any, ...]:
    """All but the thresholds. (Another seed would share the first stages; such an estimate is too high.)"""
    return (
        settings["seed"],
        sorted(settings.get("without", [])),
        settings.get("prompts"),
        settings.get("upstream") or "",
        settings.get("generation", 0),
    )


def _history(wanted: _Wanted) -> History:
    runs = _runs(wanted)[:RUNS_READ]
    ids = [job.id for job in runs]
    rows = [row for job_id in ids for row in usage.of_job(job_id)]
    branches = earlier.branches(ids)
    seconds = earlier.review_seconds()
    return History(
        stages=_stages(rows),
        branches=branches,
        both_views=_both_views(rows, branches.get("high", 0) + branches.get("mid", 0)),
        cached_share=_cached_share(rows),
        asked_again=_asked_again(rows),
        tokens_factor=_tokens_factor(ids),
        review_minutes=statistics.median(seconds) / 60 if len(seconds) >= FEWEST_ITEMS else None,
        reviews=len(seconds),
    )


def _stages(rows: list[StageUsage]) -> dict[str, StageHistory]:
    found = {}
    for stage in {row.stage for row in rows}:
        here = [row for row in rows if row.stage == stage]
        made = sum(row.calls for row in here)
        metered = made - sum(row.unmetered_calls for row in here)
        if made:
            found[stage] = StageHistory(
                calls=made,
                completion_tokens=sum(row.completion_tokens for row in here) / metered if metered else None,
                seconds=sum(row.seconds for row in here) / made,
            )
    return found


def _both_views(rows: list[StageUsage], perturbed_items: int) -> float | None:
    served = sum(row.valid_calls + row.cached_calls for row in rows if row.stage == "wrong_path")
    return max(1.0, served / perturbed_items) if perturbed_items >= FEWEST_ITEMS else None


def _cached_share(rows: list[StageUsage]) -> float | None:
    prompt = sum(row.prompt_tokens for row in rows)
    return sum(row.cached_tokens for row in rows) / prompt if prompt else None


def _asked_again(rows: list[StageUsage]) -> float:
    valid = sum(row.valid_calls for row in rows)
    return min(2.0, sum(row.calls for row in rows) / valid) if valid >= FEWEST_ITEMS else 1.0


def _tokens_factor(job_ids: list[int]) -> float | None:
    """Prompt tokens by the server's count for each that `rough_tokens` makes of the same messages."""
    counted, rough, found = 0, 0.0, 0
    for item_id in earlier.some_item_ids(job_ids, limit=ITEMS_READ):
        for call in calls.of_item(kind="synthesis", item_id=item_id):
            if call.answer.usage.prompt_tokens:
                found += 1
                counted += call.answer.usage.prompt_tokens
                rough += rough_tokens("\n".join(message.content for message in call.messages))
    return counted / rough if found >= FEWEST_CALLS and rough else None
