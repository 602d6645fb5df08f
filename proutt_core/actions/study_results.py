"""A closed study put together from the database: its report, and its verdicts as labels. Refused while it is open."""

from db.jobs.jobs import JobInfo
from db.studies.judging import judge_runs
from db.studies.results import judge_readings, method_models, votes
from db.studies.studies import get_study
from proutt_core.judge.settings import JudgeSettings
from proutt_core.statistics.agreement import AgreementReport, agreement_report
from proutt_core.statistics.labels import Label
from proutt_core.studies.report import StudyReport, study_labels, study_report
from proutt_core.types import JudgeReading


def report_of(name: str) -> StudyReport:
    """Win-tie-loss of a study. Raises ConflictError while it is not closed."""
    return study_report(
        get_study(name),
        votes=votes(name),
        readings=named_readings(name),
        method_models=method_models(name),
        judge_models=[_settings(run).model.spec for run in judge_runs(name)],
    )


def labels_of(name: str) -> list[Label]:
    """The study's verdicts, of people and of judge runs, by case. Raises ConflictError while it is not closed."""
    return study_labels(votes(name), named_readings(name))


def agreement_of(name: str) -> AgreementReport:
    return agreement_report(labels_of(name))


def named_readings(name: str) -> list[JudgeReading]:
    """The readings under the judge's short name: within a study, model and mode tell runs apart."""
    short = {run.name: _short_name(_settings(run)) for run in judge_runs(name)}
    return [reading.model_copy(update={"judge": short[reading.judge]}) for reading in judge_readings(name)]


def _short_name(settings: JudgeSettings) -> str:
    return f"{settings.model.spec} ({settings.mode})"


def _settings(run: JobInfo) -> JudgeSettings:
    return JudgeSettings.from_stored(run.settings)
