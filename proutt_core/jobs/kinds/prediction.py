"""Predictions of a method: starting them, and working on them."""

import asyncio
from functools import partial

from sqlmodel import Session

from db.datasets import dialogues
from db.jobs import jobs
from db.jobs.items import ItemClaim
from db.studies import methods, predictions
from proutt_core.errors import InputError, ModelError, ModelUnavailable, ReplyError
from proutt_core.jobs.item_model import ItemModel
from proutt_core.jobs.process_resources import ProcessResources
from proutt_core.jobs.run_items import Ended, run_model_items
from proutt_core.methods import PredictedUtterances, predict
from proutt_core.methods.settings import MethodSettings

STAGE = "predict"


async def run_prediction(job_id: int, *, shared: ProcessResources, concurrency: int | None = None) -> None:
    """Work on a method's predictions, beside other processes."""
    job = jobs.required(job_id)
    method = methods.get(job.method_id or 0)
    settings = None if method is None else MethodSettings.from_stored(method.settings)
    if settings is None:
        raise InputError(f'"{job.name}" is not of a method that this program can run')
    work = partial(_predict, without_tree=settings.without_tree)
    await run_model_items(job, settings.model.open(), work, shared=shared, concurrency=concurrency)


async def _predict(claim: ItemClaim, model: ItemModel, *, without_tree: bool) -> Ended:
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
