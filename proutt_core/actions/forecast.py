"""What a synthesis run would take, from the dialogues that it would read and from earlier runs of the same model."""

import statistics
from functools import lru_cache

from db.datasets import datasets, dialogues
from db.datasets.seeded_order import samples_for_job
from db.jobs import calls, jobs, usage
from db.jobs.jobs import JobInfo
from db.jobs.usage import StageUsage
from db.synthesis import history
from proutt_core.actions.synthesis import settings_for
from proutt_core.jobs.bills import billing_day, no_price, rates_of
from proutt_core.runs.dry_run import Lengths, measure, rough_tokens
from proutt_core.runs.forecast import FEWEST_CALLS, FEWEST_ITEMS, Forecast, History, Plan, StageHistory, forecast
from proutt_core.runs.request import RunRequest, RunSettings
from proutt_core.synthesis.synthesise import branch_of
from proutt_core.types import Part, Sample

SAMPLES_READ = 100  # of the run's own seeded order: enough for a mean length, within about a second
RUNS_READ = 10  # the newest of the model
ITEMS_READ = 40  # whose calls tell how many tokens a character makes


def forecast_run(request: RunRequest) -> Forecast:
    """What `start_synthesis` would take; what a run of that name has done is left out.

    Nothing is started and nothing is sent; no key is needed. InputError where there is no such dataset or model.
    """
    earlier = jobs.find(kind="synthesis", name=request.run) if request.run else None
    settings = settings_for(request, earlier)
    order = samples_for_job(
        dataset_id=datasets.required(request.dataset).id, split=settings.split, seed=settings.seed, limit=request.limit
    )[: request.limit]
    plan, new = _plan(order, settings, earlier)
    past = _history(settings)
    # Where the server's own count is known, it holds the schema already.
    ladder = settings.model.ladder
    with_schema = past.tokens_factor is None and bool(ladder) and ladder[0] != "json_schema"
    lengths, notes = _lengths(new or order, settings, with_schema=with_schema)
    day = billing_day(earlier)
    return forecast(
        plan,
        lengths,
        past,
        rates=rates_of(address=settings.address, model=settings.model_name, on=day),
        price_note=no_price(address=settings.address, model=settings.model_name, on=day),
        concurrency=request.concurrency,
        in_process=not settings.address,
        notes=notes,
    )


def _plan(order: list[int], settings: RunSettings, earlier: JobInfo | None) -> tuple[Plan, list[int]]:
    """How much is to be asked, and the samples for which everything is to be asked."""
    own = {item.sample_id for item in history.done_items([earlier.id])} if earlier else set()
    left = [sample_id for sample_id in order if sample_id not in own]
    known = {item.sample_id: item for item in history.done_items([job.id for job in _same_calls(settings)])}
    chosen = rejected = 0
    for sample_id in left:
        item = known.get(sample_id)
        if item is not None:
            branch = branch_of(item.top_similarity, settings.thresholds)
            chosen += branch != "high" and item.branch == "high"
            rejected += branch != "low" and item.branch == "low"
    new = [sample_id for sample_id in left if sample_id not in known]
    plan = Plan(new=len(new), known=len(left) - len(new), missing_chosen=chosen, missing_rejected=rejected)
    return plan, new


def _lengths(order: list[int], settings: RunSettings, *, with_schema: bool) -> tuple[Lengths, tuple[str, ...]]:
    samples_by_id = dialogues.samples_by_id(order[:SAMPLES_READ])
    samples = tuple(samples_by_id[sample_id].sample for sample_id in order[:SAMPLES_READ])
    lengths = _measured(samples, seed=settings.seed, without=settings.without, with_schema=with_schema)
    notes = [
        f"Prompts: the real ones of {len(samples)} of the run's dialogues, with the trees and reasonings of the rules."
    ]
    if with_schema:
        notes.append("The reply's schema is part of every prompt, for this provider takes it in no other way.")
    return lengths, tuple(notes)


@lru_cache(maxsize=8)
def _measured(samples: tuple[Sample, ...], *, seed: int, without: frozenset[Part], with_schema: bool) -> Lengths:
    """Cached for these very texts: it takes nine tenths of an estimate's time, and a form asks again at every field."""
    return measure(samples, seed=seed, without=without, with_schema=with_schema)


# --- what earlier runs tell -------------------------------------------------------------------------------------------


def _runs(settings: RunSettings) -> list[tuple[JobInfo, RunSettings]]:
    """The runs of this model at this address, the newest first."""
    runs = [(job, RunSettings.from_stored(job.settings)) for job in jobs.list_jobs(kind="synthesis")]
    return [(job, own) for job, own in runs if _asks(own) == _asks(settings)]


def _asks(settings: RunSettings) -> tuple[str, str]:
    return settings.address, settings.model_name


def _same_calls(settings: RunSettings) -> list[JobInfo]:
    """Runs whose stored calls will answer this run's, except for revisions, in the order in which they were made."""
    depends_on = _what_calls_depend_on(settings)
    return [job for job, own in reversed(_runs(settings)) if _what_calls_depend_on(own) == depends_on]


def _what_calls_depend_on(settings: RunSettings) -> tuple[object, ...]:
    """All but the thresholds. (Another seed would share the first stages; such an estimate is too high.)"""
    frozen = settings.parameters, settings.model.upstream, settings.generation
    return settings.seed, settings.without, settings.prompts, *frozen


def _history(settings: RunSettings) -> History:
    runs = [job for job, _ in _runs(settings)[:RUNS_READ]]
    ids = [job.id for job in runs]
    rows = [row for job_id in ids for row in usage.of_job(job_id)]
    branches = history.branches(ids)
    seconds = history.review_seconds()
    return History(
        stages=_stages(rows),
        branches=branches,
        both_views=_both_views(rows, branches.get("high", 0) + branches.get("mid", 0)),
        cached_share=_cached_share(rows),
        calls_per_valid=_calls_per_valid(rows),
        tokens_factor=_tokens_factor(ids),
        review_minutes=statistics.median(seconds) / 60 if len(seconds) >= FEWEST_ITEMS else None,
        reviews=len(seconds),
    )


def _stages(rows: list[StageUsage]) -> dict[str, StageHistory]:
    histories = {}
    for stage in {row.stage for row in rows}:
        here = [row for row in rows if row.stage == stage]
        made = sum(row.calls for row in here)
        metered = made - sum(row.unmetered_calls for row in here)
        if made:
            histories[stage] = StageHistory(
                calls=made,
                completion_tokens=sum(row.completion_tokens for row in here) / metered if metered else None,
                seconds=sum(row.seconds for row in here) / made,
            )
    return histories


def _both_views(rows: list[StageUsage], perturbed_items: int) -> float | None:
    served = sum(row.valid_calls + row.cached_calls for row in rows if row.stage == "wrong_path")
    return max(1.0, served / perturbed_items) if perturbed_items >= FEWEST_ITEMS else None


def _cached_share(rows: list[StageUsage]) -> float | None:
    prompt = sum(row.prompt_tokens for row in rows)
    return sum(row.cached_tokens for row in rows) / prompt if prompt else None


def _calls_per_valid(rows: list[StageUsage]) -> float:
    valid = sum(row.valid_calls for row in rows)
    return min(2.0, sum(row.calls for row in rows) / valid) if valid >= FEWEST_ITEMS else 1.0


def _tokens_factor(job_ids: list[int]) -> float | None:
    """How many prompt tokens the server counts for each one that `rough_tokens` makes of the same messages."""
    counted, rough, counted_calls = 0, 0.0, 0
    for item_id in history.some_item_ids(job_ids, limit=ITEMS_READ):
        for call in calls.of_item(kind="synthesis", item_id=item_id):
            if call.answer.usage.prompt_tokens:
                counted_calls += 1
                counted += call.answer.usage.prompt_tokens
                rough += rough_tokens("\n".join(message.content for message in call.messages))
    return counted / rough if counted_calls >= FEWEST_CALLS and rough else None
