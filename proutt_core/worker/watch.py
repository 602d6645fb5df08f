"""Whether a job should go on: its state in the database, read before each call, and this process being told to stop."""

import asyncio
import time

from db import jobs

# Many calls that start within this time share one look: a pause is seen within it.
LOOK_EVERY_S = 0.2


class JobStopped(Exception):
    """Not an error: the job was paused, cancelled or failed, or this process ends. `state` says which."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


class JobWatch:
    def __init__(self, job_id: int, *, look_every_s: float = LOOK_EVERY_S) -> None:
        self._job_id = job_id
        self._look_every_s = look_every_s
        self._looked = 0.0
        self._looking = asyncio.Lock()
        self.stopped: str | None = None
        self.refusal: str | None = None

    def stop(self, state: str = "stopped") -> None:
        """From now on `check` raises: no further call is made."""
        self.stopped = self.stopped or state

    def refuse(self, reason: str) -> None:
        """The server would refuse every other call as well: none is made."""
        self.refusal = self.refusal or reason
        self.stop("failed")

    async def check(self) -> None:
        """Raises JobStopped unless the job is to go on."""
        async with self._looking:
            if self.stopped is None and time.monotonic() - self._looked >= self._look_every_s:
                state, _ = await asyncio.to_thread(jobs.state_of, self._job_id)
                self._looked = time.monotonic()
                if state not in jobs.ACTIVE:
                    self.stop(state)
        if self.stopped is not None:
            raise JobStopped(self.stopped)
