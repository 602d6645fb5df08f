"""A judge run: an LLM reads every case of a study, in both orders or set by set; each reading is an item of a job."""

import asyncio
from functools import partial

from sqlmodel import Session

from db.jobs import items, jobs
from db.jobs.items import ItemClaim
from db.jobs.jobs import JobInfo
from db.studies.judging import save_reading
from db.studies.results import case_evidence
from proutt_core.errors import ModelError, ModelUnavailable, SettingsError
from proutt_core.jobs.item_model import ItemModel
from proutt_core.jobs.process_resources import ProcessResources
from proutt_core.jobs.run_items import Ended, run_model_items
from proutt_core.judge.cases import PROMPT_VERSIONS, Reading, ReadingResult, judge_case
from proutt_core.judge.settings import JudgeSettings
from proutt_core.llm.model import Model


async def run_judging(job_id: int, *, shared: ProcessResources, concurrency: int | None = None) -> None:
    """Work on a judge run until it is done, stopped or failed, beside other processes."""
    job = jobs.required(job_id)
    settings = JudgeSettings.from_stored(job.settings)
    model = settings.model.open()
    _require_same_code(job, settings, model)
    work = partial(_read_case, settings=settings)
    await run_model_items(job, model, work, shared=shared, concurrency=concurrency)


def _require_same_code(job: JobInfo, settings: JudgeSettings, model: Model) -> None:
    """A worker of another version would mix the verdicts of two prompts in one run."""
    if settings.prompt_version != PROMPT_VERSIONS[settings.mode] or settings.model_name != model.name:
        raise SettingsError(
            f'the judge run "{job.name}" was started with another prompt, or another version of the model, than this '
            "program has; resume it with the program that started it"
        )


async def _read_case(claim: ItemClaim, model: ItemModel, *, settings: JudgeSettings) -> Ended:
    """One reading of one case. What could not be read is a failed item with its reason: unscored, never a tie."""
    if claim.case_id is None:
        raise RuntimeError(f"item {claim.id} of a judge run has no case")
    case = await asyncio.to_thread(case_evidence, claim.case_id)
    reading: Reading = claim.reading  # type: ignore[assignment]  # the table holds nothing else
    try:
        result = await judge_case(model, case, reading=reading, tie_margin=settings.tie_margin)
    except ModelError as exc:
        stage = f"judge_{settings.mode}"
        return Ended(
            save=partial(items.save_failure, claim=claim, stage=stage, error=str(exc)),
            unavailable=str(exc) if isinstance(exc, ModelUnavailable) else None,
        )
    return Ended(save=partial(_save, claim=claim, result=result))


def _save(session: Session, *, claim: ItemClaim, result: ReadingResult) -> bool:
    return save_reading(
        session,
        claim,
        verdict=result.verdict,
        reasoning=result.reasoning,
        score_a=result.score_a,
        score_b=result.score_b,
    )
