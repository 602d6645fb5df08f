"""Predictions of a method: starting them, and working on them."""

import asyncio
from functools import partial
from typing import Any

from sqlmodel import Session

from db import datasets, dialogues, jobs, methods, predictions
from db.items import ItemClaim
from db.methods import MethodInfo
from db.synthesis import Started
from proutt_core.errors import InputError, ModelError, ModelUnavailable, ReplyError
from proutt_core.llm.choose import choose_model
from proutt_core.llm.closing import close_model
from proutt_core.methods import PredictedUtterances, predict
from proutt_core.worker.calls import ItemModel, JobCalls, Tally
from proutt_core.worker.items import Ended, run_items
from proutt_core.worker.shared import Shared
from proutt_core.worker.watch import JobWatch

STAGE = "predict"


def prompted_method(
    *, name: str, model: str | None, base_url: str | None = None, without_tree: bool = False
) -> MethodInfo:
    """The method of this name; made where there is none. Without a model, the one the method has, or `rules`.

    ConflictError naming the settings that differ: a method never changes.
    """
    known = methods.find(name)
    if model is None and base_url is None and known is not None and known.settings.get("kind") == "prompted":
        return known
    spec = model or "rules"
    settings: dict[str, Any] = {
        "kind": "prompted",
        "model": spec,
        "model_name": choose_model(spec, base_url=base_url).name,
        "base_url": base_url,
        "without_tree": without_tree,
    }
    return methods.ensure(name=name, family=name, settings=settings)


def start_prediction(
    *,
    dataset: str,
    method: MethodInfo,
    split: str = "test",
    limit: int | None = None,
    concurrency: int = 8,
    created_by: int | None = None,
) -> Started:
    """Queue what the method has not predicted yet of this dataset's split."""
    found = datasets.required(dataset)
    return predictions.start_predictions(
        name=f"{method.name} on {found.name} ({split})",
        dataset_id=found.id,
        method_id=method.id,
        settings={"split": split},
        limit=limit,
        concurrency=concurrency,
        created_by=created_by,
    )


async def run_prediction(job_id: int, *, shared: Shared, concurrency: int | None = None) -> Tally:
    """Work on a method's predictions, beside other processes. Returns what this one paid."""
    job = jobs.required(job_id)
    method = methods.get(job.method_id or 0)
    if method is None or method.settings.get("kind") != "prompted":
        raise InputError(f'"{job.name}" is not of a method that this program can run')
    model = choose_model(method.settings["model"], base_url=method.settings["base_url"])
    watch, tally = JobWatch(job_id), Tally()
    at_once = concurrency or job.concurrency
    try:
        with shared.slots(model.address, at_once) as limit:
            calls = JobCalls(model, watch=watch, limit=limit, writes=shared.writes, tally=tally)
            work = partial(_one, calls=calls, without_tree=method.settings["without_tree"])
            await run_items(job_id, work, shared=shared, concurrency=at_once, watch=watch)
    finally:
        await close_model(model)
    return tally


async def _one(claim: ItemClaim, *, calls: JobCalls, without_tree: bool) -> Ended:
    assert claim.sample_id is not None
    stored = await asyncio.to_thread(dialogues.sample_by_id, claim.sample_id)
    assert stored is not None
    model = calls.for_item(claim)
    try:
        predicted = await predict(model, stored.sample.context, without_tree=without_tree)
    except ModelError as exc:
        return Ended(
            save=partial(_save_failed, claim=claim, model=model, error=exc),
            unavailable=str(exc) if isinstance(exc, ModelUnavailable) else None,
        )
    return Ended(save=partial(_save, claim=claim, model=model, predicted=predicted))


def _save(session: Session, *, claim: ItemClaim, model: ItemModel, predicted: PredictedUtterances) -> bool:
    saved = predictions.save(
        session, claim, utterances=predicted.utterances, reasoning=predicted.reasoning, raw=predicted.raw
    )
    if saved:
        model.save_links(session)
    return saved


def _save_failed(session: Session, *, claim: ItemClaim, model: ItemModel, error: ModelError) -> bool:
    raw = error.raw if isinstance(error, ReplyError) else None
    saved = predictions.save_failure(session, claim, stage=STAGE, error=str(error), raw=raw)
    if saved:
        model.save_links(session)
    return saved
