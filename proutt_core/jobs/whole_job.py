"""The claim on an import: renewed while rows are read, so that another process may take over if this one dies."""

import time
from collections.abc import Callable
from typing import Literal

from db.datasets import datasets, imports
from db.jobs import jobs, whole
from proutt_core.jobs.process_resources import lease_s
from proutt_core.jobs.stopping import JobStopped

LOOK_EVERY_S = 1.0

Progress = Callable[[int], None]  # rows read


class WholeJobClaim:
    """`dataset_id` is the dataset that this import fills, once it is known."""

    def __init__(
        self, job_id: int, token: str, progress: Progress | None = None, stopping: Callable[[], bool] | None = None
    ) -> None:
        self.job_id = job_id
        self.token = token
        self._progress = progress
        self._stopping = stopping
        self.dataset_id: int | None = None
        self._looked = time.monotonic()
        self._every_s = min(LOOK_EVERY_S, lease_s() / 3)

    def still(self, rows: int) -> None:
        """Called again and again with the rows read. Raises JobStopped when the import was stopped or lost."""
        if self._progress is not None:
            self._progress(rows)
        if self._stopping is not None and self._stopping():
            raise JobStopped("stopping")
        if time.monotonic() - self._looked < self._every_s:
            return
        self._looked = time.monotonic()
        if not whole.renew_whole(self.job_id, token=self.token, lease_s=lease_s(), progress=rows):
            raise JobStopped(jobs.state_of(self.job_id)[0])

    def leave(self, *, nothing: bool = False) -> None:
        """What is stored stays, for the next to go on from. With `nothing`, or where there is nothing to go on from, it
        is taken away; never what somebody else goes on with by now."""
        if self.dataset_id is None or not whole.holds(self.job_id, token=self.token):
            return
        if nothing or imports.rows_done(self.dataset_id) == 0:
            datasets.remove(self.dataset_id)

    def end(self, state: Literal["done", "failed", "queued", "cancelled"], reason: str = "") -> None:
        whole.end_whole(self.job_id, token=self.token, state=state, reason=reason)
