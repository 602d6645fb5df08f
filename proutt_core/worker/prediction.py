"""Predictions of a method: starting them, and working on them."""

import asyncio
from functools import partial
from typing import Any

from sqlmodel import Session

from db.datasets import datasets, dialogues
from db.jobs import jobs
from db.jobs.items import ItemClaim
from db.jobs.jobs import Started
from db.studies import methods, predictions
from db.studies.methods import MethodInfo
from proutt_core.errors import InputError, ModelError, ModelUnavailable, ReplyError
from proutt_core.llm.choose import choose_model
from proutt_core.llm.openrouter import pinned_in
from proutt_core.methods import PredictedUtterances, predict
from proutt_core.worker.calls import ItemModel
from proutt_core.worker.items import Ended, run_model_items
from proutt_core.worker.shared import Shared

STAGE = "predict"


def prompted_method(
    *,
    name: str,
    model: str | None,
    base_url: str | None = None,
    upstream: str | None = None,
    without_tree: bool = False,
) -> MethodInfo:
    """The method of this name; made where there is none. Without a model, the one the method has, or `rules`.

    ConflictError naming the settings that differ: a method never changes.
    """
    known = methods.find(name)
    if (
        model is None
        and base_url is None
        and upstream is None
        and known is not None
        and known.settings.get("kind") == "prompted"
    ):
        # What was said must not be passed over: a method with the tree is refused here.
        asked = known.settings | ({"without_tree": True} if without_tree else {})
        return methods.ensure(name=name, family=known.family, settings=asked)
    spec = model or "rules"
    chosen = choose_model(spec, base_url=base_url, upstream=upstream)
    pinned = pinned_in(chosen.parameters)
    settings: dict[str, Any] = {
        "kind": "prompted",
        "model": spec,
        "model_name": chosen.name,
        "base_url": base_url,
        "without_tree": without_tree,
        **({} if pinned is None else {"upstream": pinned}),
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


async def run_prediction(job_id: int, *, shared: Shared, concurrency: int | None = None) -> None:
    """Work on a method's predictions, beside other processes."""
    job = jobs.required(job_id)
    method = methods.get(job.method_id or 0)
    if method is None or method.settings.get("kind") != "prompted":
        raise InputError(f'"{job.name}" is not of a method that this program can run')
    frozen = method.settings
    model = choose_model(frozen["model"], base_url=frozen["base_url"], upstream=frozen.get("upstream"))
    work = partial(_one, without_tree=frozen["without_tree"])
    await run_model_items(job, model, work, shared=shared, concurrency=concurrency)


async def _one(claim: ItemClaim, model: ItemModel, *, without_tree: bool) -> Ended:
    assert claim.sample_id is not None
    stored = await asyncio.to_thread(dialogues.sample_by_id, claim.sample_id)
    assert stored is not None
    try:
        predicted = await predict(model, stored.sample.context, without_tree=without_tree)
    except ModelError as exc:
        return Ended(
            save=partial(_save_failed, claim=claim, error=exc),
            unavailable=str(exc) if isinstance(exc, ModelUnavailable) else None,
        )
    return Ended(save=partial(_save, claim=claim, predicted=predicted))


def _save(session: Session, *, claim: ItemClaim, predicted: PredictedUtterances) -> bool:
    return predictions.save(
        session, claim, utterances=predicted.utterances, reasoning=predicted.reasoning, raw=predicted.raw
    )


def _save_failed(session: Session, *, claim: ItemClaim, error: ModelError) -> bool:
    raw = error.raw if isinstance(error, ReplyError) else None
    return predictions.save_failure(session, claim, stage=STAGE, error=str(error), raw=raw)
