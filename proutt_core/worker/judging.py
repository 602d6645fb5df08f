"""A judge run: an LLM reads every case of a study, in both orders or set by set; each reading is an item of a job."""

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import get_args

from sqlmodel import Session

from db.jobs import items, jobs
from db.jobs.items import ItemClaim
from db.jobs.jobs import JobInfo
from db.studies.judging import save_reading, start_judge_run
from db.studies.results import case_evidence
from db.studies.studies import get_study
from proutt_core.errors import InputError, ModelError, ModelUnavailable, SettingsError
from proutt_core.judge.cases import PROMPT_VERSIONS, READINGS, Mode, Reading, ReadingResult, judge_case
from proutt_core.llm.choose import choose_model
from proutt_core.llm.model import Model
from proutt_core.llm.openrouter import pinned_in
from proutt_core.worker.calls import ItemModel
from proutt_core.worker.items import Ended, run_model_items
from proutt_core.worker.shared import Shared

DEFAULT_CONCURRENCY = 8


@dataclass(frozen=True)
class JudgeSettings:
    """What a person chooses for a judge run."""

    model: str
    base_url: str | None = None
    mode: Mode = "pairwise"
    tie_margin: float = 0.0
    upstream: str | None = None  # OpenRouter only


def start(
    study: str, chosen: JudgeSettings, *, concurrency: int = DEFAULT_CONCURRENCY, user_id: int | None = None
) -> JobInfo:
    """Queue the judge run, or what is left of it; the run is named by study, model and mode.

    Raises InputError for an unusable model or margin, SettingsError for a missing key, ConflictError for a draft or
    where this model already judges in this mode with other settings.
    """
    if chosen.mode not in get_args(Mode):
        raise InputError(f"the mode is {chosen.mode!r}; expected one of {', '.join(get_args(Mode))}")
    if not 0 <= chosen.tie_margin < 1:
        raise InputError(f"the tie margin must be at least 0 and below 1; got {chosen.tie_margin}")
    if chosen.tie_margin and chosen.mode == "pairwise":
        raise InputError("a tie margin belongs to the mode pointwise; a pairwise judge says tie itself")
    # A model that cannot be reached by its name is refused here, and not by a worker an hour later.
    model = choose_model(chosen.model, base_url=chosen.base_url, upstream=chosen.upstream)
    upstream = pinned_in(model.parameters)
    settings = {
        "model": chosen.model,
        "base_url": chosen.base_url,
        "model_name": model.name,
        "mode": chosen.mode,
        "tie_margin": chosen.tie_margin,
        "prompt_version": PROMPT_VERSIONS[chosen.mode],
        "evidence": get_study(study).evidence,
        **({} if upstream is None else {"upstream": upstream}),
    }
    return start_judge_run(
        study=study,
        name=f"{study} · {chosen.model} · {chosen.mode}",
        settings=settings,
        readings=READINGS[chosen.mode],
        concurrency=concurrency,
        user_id=user_id,
    )


async def run_judging(job_id: int, *, shared: Shared, concurrency: int | None = None) -> None:
    """Work on a judge run until it is done, stopped or failed, beside other processes."""
    job = jobs.required(job_id)
    frozen = job.settings
    model = choose_model(frozen["model"], base_url=frozen["base_url"], upstream=frozen.get("upstream"))
    _require_same_code(job, model)
    work = partial(_read_case, job=job)
    await run_model_items(job, model, work, shared=shared, concurrency=concurrency)


def _require_same_code(job: JobInfo, model: Model) -> None:
    """A worker of another version would mix the verdicts of two prompts in one run."""
    mode: Mode = job.settings["mode"]
    if job.settings["prompt_version"] != PROMPT_VERSIONS[mode] or job.settings["model_name"] != model.name:
        raise SettingsError(
            f'the judge run "{job.name}" was started with another prompt, or another version of the model, than this '
            "program has; go on with the program that started it"
        )


async def _read_case(claim: ItemClaim, model: ItemModel, *, job: JobInfo) -> Ended:
    """One reading of one case. What could not be read is a failed item with its reason: unscored, never a tie."""
    if claim.case_id is None:
        raise RuntimeError(f"item {claim.id} of a judge run has no case")
    case = await asyncio.to_thread(case_evidence, claim.case_id)
    reading: Reading = claim.reading  # type: ignore[assignment]  # the table holds nothing else
    try:
        result = await judge_case(model, case, reading=reading, tie_margin=job.settings["tie_margin"])
    except ModelError as exc:
        stage = f"judge_{job.settings['mode']}"
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
