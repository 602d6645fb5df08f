"""Jobs: every long work, its frozen settings and its state. Items of a job are in db/jobs/items.py."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from db.accounts.events import record
from db.columns import now, row_id
from db.engine import read, write
from db.tables import Dataset, Job
from proutt_core.errors import ConflictError, InputError
from proutt_core.types.differences import difference_texts
from proutt_core.types.halts import Halt, Standstill
from proutt_core.types.job_kinds import KINDS, WHOLE, JobKind
from proutt_core.types.names import LONGEST_NAME, LONGEST_OF_JOB, require_name
from proutt_core.types.numbers import require_count

ACTIVE = ("queued", "running")


@dataclass(frozen=True)
class JobInfo:
    id: int
    public_id: str
    kind: str
    name: str
    dataset_id: int | None
    dataset: str | None  # its name
    method_id: int | None
    study_id: int | None
    settings: dict[str, Any]
    concurrency: int
    max_calls: int | None
    max_cost: float | None
    state: str
    reason: str  # why it stands still, in words
    halt: Halt | Literal[""]  # and the cause
    created_by: int | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    progress: int  # of whole jobs: rows read

    @property
    def active(self) -> bool:
        return self.state in ACTIVE


@dataclass(frozen=True)
class Owner:
    """What besides its settings a job is about."""

    dataset_id: int | None = None
    method_id: int | None = None
    study_id: int | None = None


@dataclass(frozen=True)
class Started:
    """A job that was made or found. `resumed` items were finished before; `added` are new."""

    job_id: int
    resumed: int
    added: int


def job_for(
    session: Session,
    *,
    kind: JobKind,
    name: str,
    settings: dict[str, Any],
    owner: Owner = Owner(),
    concurrency: int = 8,
    created_by: int | None = None,
) -> Job:
    """The job of this kind and name, made where there is none; locked. Inside the caller's transaction, so that no
    worker sees a job before its items.

    ConflictError naming every setting that differs where the name is taken by a job with other settings.
    """
    job = locked(session, kind=kind, name=name)
    if job is None:
        longest = LONGEST_NAME if kind == "synthesis" else LONGEST_OF_JOB
        require_name(name, of=f"a {KINDS[kind].noun}", longest=longest)
        made = Job(kind=kind, name=name, settings=settings, concurrency=concurrency, created_by=created_by)
        made.dataset_id, made.method_id, made.study_id = owner.dataset_id, owner.method_id, owner.study_id
        try:
            with session.begin_nested():
                session.add(made)
                session.flush()
            record(session, user_id=created_by, kind="job.start", subject=subject_of(made))
            return made
        except IntegrityError:  # somebody else made it at the same moment
            job = locked(session, kind=kind, name=name)
            if job is None:
                raise
    _require_same(session, job, settings=settings, owner=owner)
    job.concurrency = concurrency
    return job


def limit_spending(job: Job, *, max_calls: int | None, max_cost: float | None) -> None:
    """On a locked row. None leaves the limit there is. InputError for a limit that would let nothing happen."""
    if max_calls is not None:
        require_count(max_calls, "the most calls")
    if max_cost is not None and not 0 < max_cost < float("inf"):
        raise InputError(f"the most money must be more than 0; got {max_cost}")
    job.max_calls = job.max_calls if max_calls is None else max_calls
    job.max_cost = job.max_cost if max_cost is None else max_cost


def set_limits(job_id: int, *, max_calls: int | None, max_cost: float | None, user_id: int | None = None) -> None:
    """Both limits as given, None for no limit, whatever state the job is in; a paused job stays paused."""
    with write() as session:
        job = session.get_one(Job, job_id, with_for_update={"key_share": True})
        job.max_calls = job.max_cost = None
        limit_spending(job, max_calls=max_calls, max_cost=max_cost)
        detail = {"max_calls": max_calls, "max_cost": max_cost}
        record(session, user_id=user_id, kind="job.limits", subject=subject_of(job), detail=detail)


def limits_of(job_id: int) -> tuple[int | None, float | None]:
    """The most calls and the most money of a job, None for no limit: read while it runs."""
    with read() as session:
        return session.exec(select(Job.max_calls, Job.max_cost).where(Job.id == job_id)).one()


def locked(session: Session, *, kind: str, name: str) -> Job | None:
    return session.exec(
        select(Job).where(Job.kind == kind, Job.name == name).with_for_update(key_share=True)
    ).one_or_none()


def _require_same(session: Session, job: Job, *, settings: dict[str, Any], owner: Owner) -> None:
    differ = difference_texts(job.settings, settings)
    if job.dataset_id != owner.dataset_id:
        theirs = session.exec(select(Dataset.name).where(Dataset.id == job.dataset_id)).first()
        here = session.exec(select(Dataset.name).where(Dataset.id == owner.dataset_id)).first()
        differ.insert(0, f"dataset is {theirs!r} there and {here!r} here")
    if job.method_id != owner.method_id:
        differ.insert(0, "it is about another method")
    if job.study_id != owner.study_id:
        differ.insert(0, "it is about another study")
    if differ:
        raise ConflictError(
            f'the {KINDS[job.kind].noun} "{job.name}" was started with other settings: {"; ".join(differ)}.'
            " Choose another name, or give the same settings to resume it"
        )


def find(*, kind: JobKind, name: str) -> JobInfo | None:
    return next(iter(_select(Job.kind == kind, Job.name == name)), None)


def get(job_id: int) -> JobInfo | None:
    return next(iter(_select(Job.id == job_id)), None)


def required(job_id: int) -> JobInfo:
    job = get(job_id)
    if job is None:
        raise InputError(f"there is no job {job_id}")
    return job


def list_jobs(*, kind: JobKind | None = None, dataset_id: int | None = None) -> list[JobInfo]:
    """Newest first."""
    where: list[Any] = []
    if kind is not None:
        where.append(Job.kind == kind)
    if dataset_id is not None:
        where.append(Job.dataset_id == dataset_id)
    return _select(*where)


def list_active() -> list[JobInfo]:
    """What a worker should be doing, oldest first. Whole jobs that somebody holds are left out."""
    free = sa.or_(col(Job.kind).not_in(WHOLE), col(Job.lease_until).is_(None), col(Job.lease_until) < now())
    return _select(col(Job.state).in_(ACTIVE), free)[::-1]


def _select(*where: Any) -> list[JobInfo]:
    with read() as session:
        rows = session.exec(
            select(Job, Dataset.name)
            .join(Dataset, col(Dataset.id) == Job.dataset_id, isouter=True)
            .where(*where)
            .order_by(col(Job.id).desc())
        )
        return [_info(job, dataset) for job, dataset in rows]


def _info(job: Job, dataset: str | None) -> JobInfo:
    return JobInfo(
        id=row_id(job.id),
        public_id=job.public_id,
        kind=job.kind,
        name=job.name,
        dataset_id=job.dataset_id,
        dataset=dataset,
        method_id=job.method_id,
        study_id=job.study_id,
        settings=job.settings,
        concurrency=job.concurrency,
        max_calls=job.max_calls,
        max_cost=job.max_cost,
        state=job.state,
        reason=job.reason,
        halt=cast("Halt | Literal['']", job.halt),  # the database refuses any other
        created_by=job.created_by,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        progress=job.progress,
    )


# --- states -----------------------------------------------------------------------------------------------------------


def state_of(job_id: int) -> tuple[str, str]:
    """State and reason, nothing else: read before each call to a model."""
    with read() as session:
        return session.exec(select(Job.state, Job.reason).where(Job.id == job_id)).one()


def begin(job_id: int) -> bool:
    """queued becomes running. True while the job may be worked on."""
    with write() as session:
        job = session.get_one(Job, job_id, with_for_update={"key_share": True})
        if job.state == "queued":
            set_state(job, "running")
            job.started_at = job.started_at or now()
        return job.state in ACTIVE


def pause(job_id: int, *, reason: str = "", user_id: int | None = None) -> None:
    """A person stops it for now; nothing is lost. ConflictError where the job is not queued or running."""
    _change(job_id, to="paused", allowed=ACTIVE, standstill=Standstill("person", reason), user_id=user_id)


def cancel(job_id: int, *, reason: str = "", user_id: int | None = None) -> None:
    """A person stops it for good, unless somebody resumes it. What is done stays. ConflictError where it has ended."""
    allowed = (*ACTIVE, "paused")
    _change(job_id, to="cancelled", allowed=allowed, standstill=Standstill("person", reason), user_id=user_id)


def halt(job_id: int, standstill: Standstill) -> bool:
    """The job cannot go on, or not now: it is failed or paused. A job that has already stopped keeps its state: returns
    whether it was this call that ended it."""
    return _change(job_id, to=standstill.state, allowed=ACTIVE, standstill=standstill, strict=False)


def resume(job_id: int, *, user_id: int | None = None) -> None:
    """Back into the queue. ConflictError where the job is not paused, cancelled or failed."""
    _change(job_id, to="queued", allowed=("paused", "cancelled", "failed"), user_id=user_id)


def _change(
    job_id: int,
    *,
    to: str,
    allowed: tuple[str, ...],
    standstill: Standstill | None = None,
    strict: bool = True,
    user_id: int | None = None,
) -> bool:
    with write() as session:
        job = session.get_one(Job, job_id, with_for_update={"key_share": True})
        changed = job.state in allowed
        if changed:
            set_state(job, to, standstill=standstill)
            detail = {"reason": job.reason} if job.reason else {}
            record(session, user_id=user_id, kind=f"job.{to}", subject=subject_of(job), detail=detail)
        elif strict:
            raise ConflictError(f'the {KINDS[job.kind].noun} "{job.name}" is {job.state} and cannot become {to}')
        return changed


def subject_of(job: Job) -> str:
    """As the subject of an event."""
    return f'{KINDS[job.kind].noun} "{job.name}"'


def set_state(job: Job, state: str, *, standstill: Standstill | None = None) -> None:
    """On a locked row, inside the caller's transaction. A job that stands still says why."""
    job.state = state
    job.halt, job.reason = ("", "") if standstill is None else (standstill.halt, standstill.reason)
    job.finished_at = None if state in (*ACTIVE, "paused") else now()
