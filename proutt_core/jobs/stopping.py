"""Whether a job should go on: its state in the database, read before each call, what it may still spend, and this
process being told to stop.

What a job may spend is a `Budget` (jobs/budget.py), made by `run_model_items`. It is asked in this order:

    look()                 in a thread, before the first call and then about every 0.2 s: may read the database
    before_call() -> None  right before a real call (never for a reply from the log): one call is reserved and made
    before_call() -> …     a limit is reached, and which: this call is not made; the job pauses for that; calls under
                           way are finished and stored; no further call is made by this process
    after_call(answer)     the reserved call ended: its answer, or None where none came. Once for each reservation

`before_call` and `after_call` are called on the event loop and must not block. Between `before_call` and the request
nothing is awaited, so a limit that counts reservations is never exceeded by one process. A call is one question to the
model; its attempts after a 429 or a reset are the same call. JobUsage rows of this process bear
`ProcessResources.process`.
"""

import asyncio
import math
import time
from typing import Protocol

from db.jobs import jobs
from proutt_core.types.calls import Completion
from proutt_core.types.halts import Standstill

# Many calls that start within this time share one look: a pause is seen within it.
LOOK_EVERY_S = 0.2
# A call does not wait for a look while the one before is younger than this.
LOOK_AT_LEAST_EVERY_S = 1.0


class JobStopped(Exception):
    """Not an error: the job was paused, cancelled or failed, or this process ends. `state` says which."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


class Budget(Protocol):
    """What a job may still spend: see the module's docstring."""

    def look(self) -> None: ...

    def before_call(self) -> Standstill | None: ...

    def after_call(self, answer: Completion | None) -> None: ...


class JobWatch:
    """`stopped` is the state that ends the work here; `standstill` and `broken` say why, where it was found here."""

    def __init__(self, job_id: int, *, budget: Budget | None = None, look_every_s: float = LOOK_EVERY_S) -> None:
        self._job_id = job_id
        self._budget = budget
        self._look_every_s = look_every_s
        self._looked = -math.inf  # never
        self._looking: asyncio.Task[None] | None = None
        self.stopped: str | None = None
        self.standstill: Standstill | None = None
        self.broken: BaseException | None = None
        self.answered = 0  # calls that got an answer

    def stop(self, state: str = "stopped") -> None:
        """From now on `check` raises: no further call is made."""
        self.stopped = self.stopped or state

    def halt(self, standstill: Standstill) -> None:
        """The job cannot go on: no further call is made. Of several causes the first counts."""
        self.standstill = self.standstill or standstill
        self.stop(self.standstill.state)

    def refuse(self, reason: str) -> None:
        """The server would refuse every other call as well."""
        self.halt(Standstill("refused", reason))

    def break_off(self, error: BaseException) -> None:
        """What was paid for cannot be stored: no further call is made."""
        self.broken = self.broken or error
        self.stop("broken")

    async def check(self) -> None:
        """Raises JobStopped unless the job is to go on. Waits for the database only where the last look is long ago."""
        age_s = time.monotonic() - self._looked
        if self.stopped is None and age_s >= self._look_every_s:
            if self._looking is None:
                self._looking = asyncio.create_task(self._look())
                self._looking.add_done_callback(self._have_looked)
            if age_s >= LOOK_AT_LEAST_EVERY_S:
                await asyncio.shield(self._looking)
        if self.stopped is not None:
            raise JobStopped(self.stopped)

    async def before_call(self) -> None:
        """Raises JobStopped unless one more call is to be made, at once."""
        await self.check()
        limit = self._budget.before_call() if self._budget is not None else None
        if limit is not None:
            self.halt(limit)
            raise JobStopped(limit.state)

    def after_call(self, answer: Completion | None) -> None:
        if answer is not None:
            self.answered += 1
        if self._budget is not None:
            self._budget.after_call(answer)

    async def _look(self) -> None:
        state = await asyncio.to_thread(self._read)
        self._looked = time.monotonic()
        if state not in jobs.ACTIVE:
            self.stop(state)

    def _have_looked(self, looking: "asyncio.Task[None]") -> None:
        self._looking = None
        if not looking.cancelled():
            looking.exception()  # nobody may have waited; the next look, which is then overdue, is waited for

    def _read(self) -> str:
        if self._budget is not None:
            self._budget.look()
        return jobs.state_of(self._job_id)[0]
