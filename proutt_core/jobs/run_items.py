"""Runs the items of one job, whatever they are: claims small batches, renews leases, saves each item as it ends.

    await run_model_items(job, model, work, shared=shared, concurrency=8)

`work` does one item and returns how to save it. An item begins when there is room for its calls (llm/slots.py).
The job ends here when it is complete, stopped, paused for an outage or a limit, or failed; calls under way are then
finished and stored, and whatever was claimed and not done is given back.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import cast

from sqlmodel import Session

from db.jobs import items, jobs
from db.jobs.items import ItemClaim
from db.jobs.jobs import JobInfo
from proutt_core.jobs.budget import JobBudget
from proutt_core.jobs.item_model import ItemModel, JobCalls, JobRefused
from proutt_core.jobs.process_resources import ProcessResources
from proutt_core.jobs.repeated_failures import Outages, Refusals
from proutt_core.jobs.stopping import JobStopped, JobWatch
from proutt_core.jobs.webhook import tell
from proutt_core.llm.model import Model
from proutt_core.llm.openai.client import deadline_from_environment
from proutt_core.llm.slots import CallSlots, ItemSlots
from proutt_core.llm.wrapped import close_model
from proutt_core.types.halts import Standstill
from proutt_core.types.job_kinds import KINDS

log = logging.getLogger(__name__)

POLL_S = 0.5
# How long calls under way, whose answers are paid for, may still take when this process is told to stop. When a job
# stops, they may take as long as an attempt.
PROCESS_GRACE_S = 5.0
SAVING_S = 30.0  # for an item that has all its answers; a database that takes longer is not there
ERRORS_IN_A_ROW = 5


@dataclass(frozen=True)
class Ended:
    """How an item ended. `save` writes it, with the item's columns, and says whether the item was still ours.

    `unavailable` is the reason where the model did not answer: the item may then be tried again instead of saved.
    """

    save: Callable[[Session], bool]
    unavailable: str | None = None


ModelWork = Callable[[ItemClaim, ItemModel], Awaitable[Ended]]
# What follows from the completion of the job of this id, in one transaction with it.
Completed = Callable[[Session, int], None]


async def run_model_items(
    job: JobInfo, model: Model, work: ModelWork, *, shared: ProcessResources, concurrency: int | None
) -> None:
    """Run a job's items until nothing is left that this process could do. The model is closed at the end.

    `concurrency` is how many calls at a time; None: as many as the job says.
    """
    try:
        if not await asyncio.to_thread(jobs.begin, job.id):
            return
        watch = JobWatch(job.id, budget=await asyncio.to_thread(JobBudget, job, process=shared.process))
        with shared.slots(model.address, concurrency or job.concurrency) as slots:
            calls = JobCalls(model, job, watch=watch, log=shared.log)
            completed = _completed(job)
            run = _ItemRun(job.id, work, calls, shared=shared, slots=slots, watch=watch, completed=completed)
            await run.run()
    finally:
        await close_model(model)


def _completed(job: JobInfo) -> Completed | None:
    name = KINDS[job.kind].completed
    return None if name is None else cast(Completed, resolve_name(name))


class _ItemRun:
    def __init__(
        self,
        job_id: int,
        work: ModelWork,
        calls: JobCalls,
        *,
        shared: ProcessResources,
        slots: CallSlots,
        watch: JobWatch,
        completed: Completed | None,
    ) -> None:
        self.job_id = job_id
        self.work = work
        self.calls = calls
        self.shared = shared
        self.slots = slots
        self.watch = watch
        self.completed = completed
        self.wake = asyncio.Event()  # an item has ended, items were claimed, or a slot is free
        self.ready: list[ItemClaim] = []
        self.postponed: list[ItemClaim] = []  # without an answer: tried again when another is done, or none is left
        self.tasks: dict[asyncio.Task[None], ItemClaim] = {}
        self.given_back: list[ItemClaim] = []
        self.claiming: asyncio.Task[list[ItemClaim]] | None = None
        self.claim_again_at = 0.0
        self.error: BaseException | None = None
        self.outages = Outages()
        self.probing = asyncio.Lock()
        self.probes_answered = 0
        self.errors_in_a_row = 0
        self.refusals = Refusals()
        self.ended_here = False  # whether this process brought the job to the state it is left in

    async def run(self) -> None:
        renewing = asyncio.create_task(self._renew())
        grace_s = PROCESS_GRACE_S
        try:
            while await self._step():
                pass
            grace_s = deadline_from_environment()
        finally:
            await self._note_why()
            await self._wind_down(grace_s)
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)
        if self.ended_here:
            await tell(self.job_id, url=self.shared.webhook_url)
        if self.watch.broken is not None:
            raise self.watch.broken

    async def _step(self) -> bool:
        self.wake.clear()
        try:
            await self.watch.check()
        except JobStopped:
            return False
        if self.error is not None:
            raise self.error
        self._claim_ahead()
        await self._admit()
        if not (self.tasks or self.ready or self.postponed or self.claiming):
            complete = await asyncio.to_thread(items.finish_if_complete, self.job_id, completed=self.completed)
            self.ended_here = complete == "now"
            if complete:
                return False
        # Where nothing wakes it: the rest is held elsewhere, or its lease has to run out first.
        await _set_within(self.wake, POLL_S)
        return True

    def _claim_ahead(self) -> None:
        """A few items are claimed ahead, so that no slot waits for the database."""
        if self.claiming is not None and self.claiming.done():
            claims = self.claiming.result()  # or raises: the database could not be written
            self.claiming = None
            self.ready += claims
            if not claims:
                self.claim_again_at = time.monotonic() + POLL_S
                self._try_postponed()
        ahead = max(1, self.slots.size // 4)
        if self.claiming is None and len(self.ready) <= ahead // 2 and time.monotonic() >= self.claim_again_at:
            claim = asyncio.to_thread(items.claim, job_id=self.job_id, n=ahead, lease_s=self.shared.lease_s)
            self.claiming = asyncio.create_task(claim)
            self.claiming.add_done_callback(lambda _: self.wake.set())

    async def _admit(self) -> None:
        while self.ready:
            item_slots = self.slots.admit()
            if item_slots is None:
                self.slots.wake_when_free(self.wake)
                return
            claim = self.ready.pop(0)
            task = asyncio.create_task(self._run_item(claim, item_slots))
            self.tasks[task] = claim
            task.add_done_callback(self._ended)
            await asyncio.sleep(0)  # the other jobs at this address take their turn

    def _ended(self, task: asyncio.Task[None]) -> None:
        """What an item's task raises ends the job here: the database could not be written."""
        del self.tasks[task]
        if not task.cancelled() and self.error is None:
            self.error = task.exception()
        self.wake.set()

    async def _run_item(self, claim: ItemClaim, item_slots: ItemSlots) -> None:
        model = self.calls.for_item(claim, item_slots)
        try:
            ended = await self.work(claim, model)
            if ended.unavailable is not None and not await self._is_given_up(claim, model, ended.unavailable):
                self.postponed.append(claim)
                return
        except (JobStopped, JobRefused):
            self.given_back.append(claim)
            return
        except asyncio.CancelledError:
            self.given_back.append(claim)
            raise
        except Exception as exc:  # noqa: BLE001  one item's bug must not end a night's run: see _unexpected
            await self._unexpected(claim, exc)
            return
        finally:
            item_slots.begin()
        if ended.unavailable is None:
            self.errors_in_a_row = 0
            self._try_postponed()
        if not await self.shared.writes.run(model.with_links(ended.save)):
            log.warning("job %s: a late result of item %s was dropped", self.job_id, claim.id)
        self._look_for_refusals(claim, model)

    async def _is_given_up(self, claim: ItemClaim, model: ItemModel, reason: str) -> bool:
        """An item got no answer: whether it fails for that, or is tried again. A server that is down stops the job."""
        if self.outages.add(claim.id, answered=self.watch.answered):
            await self._look_for_outage(model, reason)
        if self.watch.stopped is not None or not self.outages.has_had_its_tries(claim.id):
            return False
        useless = self.outages.reason_to_stop_giving_up(reason, answered=self.watch.answered - self.probes_answered)
        if useless is not None:
            self.watch.halt(Standstill("server", useless))
        return True

    async def _look_for_outage(self, model: ItemModel, reason: str) -> None:
        """Of several items that want to know at once whether the server is down, one asks it."""
        answered = self.watch.answered
        async with self.probing:
            if self.watch.stopped is not None or self.watch.answered != answered:
                return
            outcome = await model.probe()
            if outcome == "nothing":
                self.watch.halt(Standstill("server", self.outages.reason_to_pause(reason)))
                return
            self.probes_answered += outcome == "answer"
            self.outages.server_is_there()
            self._try_postponed()

    def _try_postponed(self) -> None:
        self.ready += self.postponed
        self.postponed = []

    def _look_for_refusals(self, claim: ItemClaim, model: ItemModel) -> None:
        """A refusal that we do not know as one of every call, and that hits every call nevertheless, fails the job."""
        if model.refused is not None:
            reason = self.refusals.reason_to_fail(claim.id, model.refused, answered=self.watch.answered)
            if reason is not None:
                self.watch.refuse(reason)

    async def _note_why(self) -> None:
        """Store the job's state where this process found why it cannot go on."""
        if self.watch.standstill is not None:
            self.ended_here |= await asyncio.to_thread(jobs.halt, self.job_id, self.watch.standstill)

    async def _unexpected(self, claim: ItemClaim, error: Exception) -> None:
        """A bug: the item fails and the log tells where; several in a row fail the job."""
        log.error("job %s: item %s ended in an unexpected error", self.job_id, claim.id, exc_info=error)
        text = f"unexpected error: {type(error).__name__}: {error}"
        await self.shared.writes.run(lambda session: items.save_failure(session, claim, stage="unexpected", error=text))
        self.errors_in_a_row += 1
        if self.errors_in_a_row >= ERRORS_IN_A_ROW:
            reason = f"{ERRORS_IN_A_ROW} items in a row ended in an unexpected error, the last: {text}"
            self.watch.halt(Standstill("refused", reason))

    async def _renew(self) -> None:
        """Keep the claims. An item that was lost, because this process slept too long, is left to its holder."""
        while True:
            await asyncio.sleep(self.shared.lease_s / 3)
            mine = [*self.ready, *self.postponed, *self.tasks.values()]
            try:
                held = await asyncio.to_thread(items.renew, mine, lease_s=self.shared.lease_s)
            except Exception:  # a database that is away for a moment costs at most the lease
                log.exception("job %s: the leases could not be renewed", self.job_id)
                continue
            lost = {claim for claim in mine if claim.id not in held}
            self.ready = [claim for claim in self.ready if claim not in lost]
            self.postponed = [claim for claim in self.postponed if claim not in lost]
            for task, claim in self.tasks.items():
                # A task that has just saved its item holds it no longer either; cancelling would disturb nothing.
                if claim in lost:
                    task.cancel()

    async def _wind_down(self, grace_s: float) -> None:
        """No further call is made. What is under way gets `grace_s` for its answers, and items that then have all
        they need are saved; the others are given back."""
        self.watch.stop()
        await self.calls.finish(within_s=grace_s)
        if self.tasks:
            await asyncio.wait(set(self.tasks), timeout=SAVING_S)
        left = list(self.tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        if self.claiming is not None:
            self.ready += await self.claiming
        self.given_back += [*self.ready, *self.postponed]
        self.ready, self.postponed = [], []
        await self._give_back()

    async def _give_back(self) -> None:
        """Saved items are not touched: they are no longer ours."""
        back, self.given_back = self.given_back, []
        if back:
            await asyncio.to_thread(items.release, back)


async def _set_within(event: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
