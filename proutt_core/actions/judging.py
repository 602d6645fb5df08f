"""Starting a judge run."""

from db.jobs.jobs import JobInfo
from db.studies.judging import start_judge_run
from db.studies.studies import get_study
from proutt_core.judge.cases import READINGS
from proutt_core.judge.settings import JudgeRequest, JudgeSettings


def start(request: JudgeRequest, *, user_id: int | None = None) -> JobInfo:
    """Queue the judge run, or what is left of it; the run is named by study, model and mode.

    Raises InputError for an unusable model, SettingsError for a missing key, ConflictError for a draft or where this
    model already judges in this mode with other settings.
    """
    request.model.require_usable()
    settings = JudgeSettings.of(request, evidence=get_study(request.study).evidence)
    return start_judge_run(
        study=request.study,
        name=f"{request.study} · {request.model.spec} · {request.mode}",
        settings=settings.to_stored(),
        readings=READINGS[request.mode],
        concurrency=request.concurrency,
        user_id=user_id,
    )
