"""Runs the items of one job, whatever they are: claims small batches, renews leases, saves each item as it ends.

    await run_model_items(job, model, work, shared=shared, concurrency=8)

`work` does one item and returns how to save it. It ends when the job is complete, stopped, paused for an outage or
failed; whatever was claimed and not done is given back.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from sqlmodel import Session

from db import items, jobs
from db.items import ItemClaim
from db.jobs import JobInfo
from proutt_core.llm.closing import close_model
from proutt_core.llm.model import Model
from proutt_core.worker.calls import ItemModel, JobCalls, JobRefused
from proutt_core.worker.shared import Shared
from proutt_core.worker.watch import JobStopped, JobWatch

log = logging.getLogger(__name__)

POLL_S = 0.5
GRACE_S = 5.0  # for calls under way when a job is paused: their answers are paid for
OUTAGES_IN_A_ROW = 5
TRIES_OF_ONE_ITEM = 3
ERRORS_IN_A_ROW = 5


@dataclass(frozen=True)
class Ended:
    """How an item ended. `save` writes it, with the item's columns, and says whether the item was still ours.

    `unavailable` is the reason where the model did not answer: the item may then be tried again instead of saved.
    """

    save: Callable[[Session], bool]
    unavailable: str | None = None


Work = Callable[[ItemClaim], Awaitable[Ended]]
ModelWork = Callable[[ItemClaim, ItemModel], Awaitable[Ended]]


async def run_model_items(
    job: JobInfo, model: Model, work: ModelWork, *, shared: Shared, concurrency: int | None
) -> None:
    """`run_items` for work that asks a model: under the limit of its address, cached, and closed at the end.

    `concurrency` None: as many items at a time as the job says.
    """
    watch = JobWatch(job.id)
    at_once = concurrency or job.concurrency
    try:
        with shared.slots(model.address, at_once) as limit:
            calls = JobCalls(model, watch=watch, limit=limit, writes=shared.writes)

            async def one(claim: ItemClaim) -> Ended:
                asked = calls.for_item(claim)
                ended = await work(claim, asked)
                return replace(ended, save=asked.with_links(ended.save))

            await run_items(job.id, one, shared=shared, concurrency=at_once, watch=watch)
    finally:
        await close_model(model)


async def run_items(job_id: int, work: Work, *, shared: Shared, concurrency: int, watch: JobWatch) -> None:
    """Run a job's items until nothing is left that this process could do."""
    if await asyncio.to_thread(jobs.begin, job_id):
        await _ItemRun(job_id, work, shared, concurrency, watch).run()


class _ItemRun:
    def __init__(self, job_id: int, work: Work, shared: Shared, concurrency: int, watch: JobWatch) -> None:
        self.job_id = job_id
        self.work = work
        self.shared = shared
        self.concurrency = max(1, concurrency)
        self.watch = watch
        self.ready: list[ItemClaim] = []
        self.tasks: dict[asyncio.Task[None], ItemClaim] = {}
        self.given_back: list[ItemClaim] = []
        self.claim_again_at = 0.0
        self.outages_in_a_row = 0
        self.outages: Counter[int] = Counter()
        self.errors_in_a_row = 0

    async def run(self) -> None:
        renewing = asyncio.create_task(self._renew())
        grace_s = 0.0
        try:
            while await self._step():
                pass
            grace_s = 0.0 if self.watch.stopped == "cancelled" else GRACE_S
        finally:
            if self.watch.refusal is not None:
                await self._fail_job(self.watch.refusal)
            await self._wind_down(grace_s)
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)

    async def _step(self) -> bool:
        try:
            await self.watch.check()
        except JobStopped:
            return False
        await self._admit()
        if not self.tasks:
            if await asyncio.to_thread(items.settle, self.job_id):
                return False
            await asyncio.sleep(POLL_S)  # the rest is held elsewhere, or its lease has to run out first
            return True
        await asyncio.wait(self.tasks, timeout=POLL_S, return_when=asyncio.FIRST_COMPLETED)
        self._collect()
        return True

    async def _admit(self) -> None:
        """Start what may start. A few items are claimed ahead, so that no place waits for the database."""
        ahead = self.concurrency // 4
        wanted = self.concurrency + ahead - len(self.tasks) - len(self.ready)
        if len(self.ready) <= ahead // 2 and wanted > 0 and time.monotonic() >= self.claim_again_at:
            found = await asyncio.to_thread(items.claim, job_id=self.job_id, n=wanted, lease_s=self.shared.lease_s)
            if len(found) < wanted:
                self.claim_again_at = time.monotonic() + POLL_S
            self.ready += found
        while self.ready and len(self.tasks) < self.concurrency:
            claim = self.ready.pop(0)
            self.tasks[asyncio.create_task(self._one(claim))] = claim

    async def _one(self, claim: ItemClaim) -> None:
        try:
            ended = await self.work(claim)
        except (JobStopped, JobRefused):
            self.given_back.append(claim)
            return
        except Exception as exc:  # noqa: BLE001  one item's bug must not end a night's run: see _unexpected
            await self._unexpected(claim, exc)
            return
        if ended.unavailable is not None and await self._put_back(claim, ended.unavailable):
            return
        if ended.unavailable is None:
            self.outages_in_a_row = self.errors_in_a_row = 0
        if not await self.shared.writes.run(ended.save):
            log.warning("job %s: a late result of item %s was dropped", self.job_id, claim.id)

    async def _put_back(self, claim: ItemClaim, reason: str) -> bool:
        """After an outage: whether the item is to be tried again. A server that is down pauses the job."""
        self.outages_in_a_row += 1
        self.outages[claim.id] += 1
        alive = self.outages_in_a_row < TRIES_OF_ONE_ITEM  # others were answered meanwhile
        if alive and self.outages[claim.id] >= TRIES_OF_ONE_ITEM:
            return False
        self.given_back.append(claim)
        if self.outages_in_a_row >= OUTAGES_IN_A_ROW:
            self.watch.stop("paused")
            told = f"{OUTAGES_IN_A_ROW} items in a row got no answer: {reason}"
            await asyncio.to_thread(jobs.stop_for_outage, self.job_id, reason=told)
        else:
            await self._give_back()
        return True

    async def _fail_job(self, reason: str) -> None:
        self.watch.stop("failed")
        await asyncio.to_thread(jobs.fail, self.job_id, reason=reason)

    async def _unexpected(self, claim: ItemClaim, error: Exception) -> None:
        """A bug: the item fails and the log tells where; several in a row fail the job."""
        log.error("job %s: item %s ended in an unexpected error", self.job_id, claim.id, exc_info=error)
        told = f"unexpected error: {type(error).__name__}: {error}"
        await self.shared.writes.run(lambda session: items.save_failure(session, claim, stage="unexpected", error=told))
        self.errors_in_a_row += 1
        if self.errors_in_a_row >= ERRORS_IN_A_ROW:
            await self._fail_job(f"{ERRORS_IN_A_ROW} items in a row ended in an unexpected error, the last: {told}")

    def _collect(self) -> None:
        """Forget the tasks that ended. What one raises ends the job here: the database could not be written."""
        for task in [t for t in self.tasks if t.done()]:
            del self.tasks[task]
            if not task.cancelled():
                task.result()

    async def _renew(self) -> None:
        """Holds what was claimed. An item that was lost, because this process slept too long, is left to its holder."""
        while True:
            await asyncio.sleep(self.shared.lease_s / 3)
            mine = [*self.ready, *self.tasks.values()]
            try:
                held = await asyncio.to_thread(items.renew, mine, lease_s=self.shared.lease_s)
            except Exception:  # a database that is away for a moment costs at most the lease
                log.exception("job %s: the leases could not be renewed", self.job_id)
                continue
            lost = {claim for claim in mine if claim.id not in held}
            self.ready = [claim for claim in self.ready if claim not in lost]
            for task, claim in self.tasks.items():
                # A task that has just saved its item holds it no longer either; cancelling would disturb nothing.
                if claim in lost:
                    task.cancel()

    async def _wind_down(self, grace_s: float) -> None:
        self.watch.stop()
        if self.tasks and grace_s:
            await asyncio.wait(self.tasks, timeout=grace_s)
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self.given_back += [*self.ready, *self.tasks.values()]
        self.ready, self.tasks = [], {}
        await self._give_back()

    async def _give_back(self) -> None:
        """Saved items are not touched: they are no longer ours."""
        back, self.given_back = self.given_back, []
        if back:
            await asyncio.to_thread(items.release, back)
