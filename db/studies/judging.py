"""Judge runs: the job, its readings of the study's cases, and saving one. Verdicts are read in results.py."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, select

from db.columns import row_id
from db.engine import read, write
from db.jobs import items
from db.jobs.call_rows import storable
from db.jobs.items import ItemClaim
from db.jobs.jobs import JobInfo, Owner, job_for, list_jobs, required
from db.studies.rows import study_named
from db.tables import JudgeVerdict, StudyCase
from proutt_core.errors import ConflictError
from proutt_core.types import Verdict


def start_judge_run(
    *,
    study: str,
    name: str,
    settings: dict[str, Any],
    readings: Sequence[str],
    concurrency: int = 8,
    user_id: int | None = None,
) -> JobInfo:
    """The judge run of this name over every case of the study, made or resumed, with all its items waiting.

    Raises ConflictError for a draft, and where the name is taken by a run with other settings.
    """
    with write() as session:
        row = study_named(session, study)
        if row.state == "draft":
            raise ConflictError(f'study "{study}" is a draft; open it first (a judge may run while people judge)')
        owner = Owner(dataset_id=row.dataset_id, study_id=row.id)
        job = job_for(
            session,
            kind="judge",
            name=name,
            settings=settings,
            owner=owner,
            concurrency=concurrency,
            created_by=user_id,
        )
        session.flush()
        job_id = row_id(job.id)
        if session.exec(select(JudgeVerdict.id).where(JudgeVerdict.job_id == job_id).limit(1)).first() is None:
            cases = session.exec(select(StudyCase).where(StudyCase.study_id == row.id)).all()
            rows = [
                {
                    "job_id": job_id,
                    "case_id": case.id,
                    "reading": reading,
                    # Both orders of a case after each other, so that a server's prefix cache serves the second.
                    "position": case.position * len(readings) + n,
                    "state": "waiting",
                    "attempt": 0,
                }
                for case in cases
                for n, reading in enumerate(readings)
            ]
            session.connection().execute(sa.insert(JudgeVerdict), rows)
        items.requeue(session, job)
    return required(job_id)


def judge_runs(study: str) -> list[JobInfo]:
    """The study's judge runs, newest first: state and progress, never verdicts."""
    with read() as session:
        study_id = study_named(session, study).id
    return [job for job in list_jobs(kind="judge") if job.study_id == study_id]


def save_reading(
    session: Session,
    claim: ItemClaim,
    *,
    verdict: Verdict,
    reasoning: str,
    score_a: float | None = None,
    score_b: float | None = None,
) -> bool:
    """Store what the judge said. False, and nothing written, where somebody else holds the item by now."""
    return items.save(session, claim, verdict=verdict, reasoning=storable(reasoning), score_a=score_a, score_b=score_b)
