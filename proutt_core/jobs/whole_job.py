"""Whole jobs, which one process does in one piece: claimed, renewed while it works, ended by how the work ended.

with claim:                   done, queued, cancelled or failed: by what is raised inside
    …
    claim.renew(rows)         again and again; another process takes over where this one dies
"""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Literal, Self

from db.jobs import jobs, whole
from db.jobs.jobs import JobInfo
from proutt_core.errors import ProuttError
from proutt_core.jobs.process_resources import lease_s
from proutt_core.jobs.stopping import JobStopped
from proutt_core.types.halts import Standstill

LOOK_EVERY_S = 1.0

Progress = Callable[[int], None]  # rows read


class WholeJobClaim:
    """Satisfies a `with` statement: the job is over when it is left. What is raised inside is noted and raised on."""

    def __init__(
        self, job_id: int, token: str, progress: Progress | None = None, stopping: Callable[[], bool] | None = None
    ) -> None:
        self.job_id = job_id
        self.token = token
        self._progress = progress
        self._stopping = stopping
        self._looked = time.monotonic()
        self._every_s = min(LOOK_EVERY_S, lease_s() / 3)

    def renew(self, rows: int) -> None:
        """Called again and again with the rows read. Raises JobStopped when the job was stopped or lost."""
        if self._progress is not None:
            self._progress(rows)
        if self._stopping is not None and self._stopping():
            raise JobStopped("stopping")
        if time.monotonic() - self._looked < self._every_s:
            return
        self._looked = time.monotonic()
        if not whole.renew_whole(self.job_id, token=self.token, lease_s=lease_s(), progress=rows):
            raise JobStopped(jobs.state_of(self.job_id)[0])

    def is_last(self) -> bool:
        """Whether nobody else has claimed the job since."""
        return whole.holds(self.job_id, token=self.token)

    def finish(
        self, state: Literal["done", "failed", "queued", "cancelled"], standstill: Standstill | None = None
    ) -> None:
        """Does nothing where the job was lost."""
        whole.end_whole(self.job_id, token=self.token, state=state, standstill=standstill)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        match error:
            case None:
                self.finish("done")
            case JobStopped():  # a worker that ends leaves it to the next; a cancelled or paused job stays so
                self.finish("queued")
            case KeyboardInterrupt():
                self.finish("cancelled", Standstill("person", "interrupted"))
            case ProuttError():
                self.finish("failed", Standstill("refused", str(error)))
            case _:
                reason = f"interrupted: {type(error).__name__}: {error}"
                self.finish("failed", Standstill("refused", reason))


def claim_whole_job(
    job_id: int, *, progress: Progress | None = None, stopping: Callable[[], bool] | None = None
) -> WholeJobClaim | None:
    """None where somebody else has the job, or it has stopped. `stopping` says whether this process is to end."""
    token = whole.claim_whole(job_id, lease_s=lease_s())
    return None if token is None else WholeJobClaim(job_id, token, progress, stopping)


def run_whole_job(
    job: JobInfo, run: Callable[[JobInfo, WholeJobClaim], object], *, stopping: Callable[[], bool]
) -> None:
    """A worker's part: do the job, unless somebody has it."""
    claim = claim_whole_job(job.id, stopping=stopping)
    if claim is None:
        return
    try:
        run(job, claim)
    except JobStopped:
        return  # the job's state says it
