"""Starting a judge run."""

from dataclasses import dataclass
from typing import get_args

from db.jobs.jobs import JobInfo
from db.studies.judging import start_judge_run
from db.studies.studies import get_study
from proutt_core.errors import InputError
from proutt_core.judge.cases import PROMPT_VERSIONS, READINGS, Mode
from proutt_core.llm.providers.model_ref import choose_model
from proutt_core.llm.providers.openrouter import pinned_in

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
