"""The worker process: takes every job there is to do, several at once, until it is told to stop."""

import asyncio
import logging
import signal
from collections.abc import Callable, Mapping
from pkgutil import resolve_name
from typing import Any

from db.engine import engine
from db.jobs import items, jobs, workers
from db.jobs.jobs import JobInfo
from db.schema import require_own_schema
from proutt_core import __version__
from proutt_core.errors import ProuttError, SettingsError
from proutt_core.jobs.process_resources import ProcessResources, keep_what_is_loaded, process_resources
from proutt_core.jobs.webhook import tell
from proutt_core.jobs.whole_job import run_whole_job
from proutt_core.types.halts import Standstill
from proutt_core.types.job_kinds import KINDS

log = logging.getLogger(__name__)

POLL_S = 1.0
JOBS_AT_ONCE = 8

FollowUp = Callable[[JobInfo], None]


async def work(*, until_idle: bool = False, follow_up: FollowUp = lambda job: None) -> None:
    """Be a worker until SIGTERM or SIGINT; with `until_idle`, until no job is left that could be worked on.

    `follow_up` is called in a thread when this process ends its work on a job; a ProuttError from it is a warning.
    """
    runs = {name: resolve_name(kind.run) for name, kind in KINDS.items()}
    keep_what_is_loaded()
    worker_id = await asyncio.to_thread(workers.sign_on, version=__version__)
    log.info("worker %s is ready", worker_id)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    beating = asyncio.create_task(_beat(worker_id))
    try:
        async with process_resources() as shared:
            await _Loop(shared, stopping, runs=runs, follow_up=follow_up).run(until_idle=until_idle)
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)
        await asyncio.to_thread(workers.sign_off, worker_id)
        log.info("worker %s has stopped", worker_id)


async def _beat(worker_id: int) -> None:
    while True:
        await asyncio.sleep(workers.BEAT_EVERY_S)
        try:
            await asyncio.to_thread(workers.beat, worker_id)
        except Exception:  # the next beat may reach the database again
            log.exception("the heartbeat could not be written")


class _Loop:
    """`runs` are the functions that do the work, by the name of the kind (`KindOfJob.run`)."""

    def __init__(
        self, shared: ProcessResources, stopping: asyncio.Event, *, runs: Mapping[str, Any], follow_up: FollowUp
    ) -> None:
        self.shared = shared
        self.stopping = stopping
        self.runs = runs
        self.follow_up = follow_up
        self.running: dict[int, asyncio.Task[None]] = {}

    async def run(self, *, until_idle: bool) -> None:
        try:
            while not self.stopping.is_set():
                is_work_left = await self._look()
                if until_idle and not is_work_left and not self.running:
                    return
                await self._pause()
        finally:
            await self._stop_all()

    async def _look(self) -> bool:
        """Start the jobs that nobody here works on yet. Whether there was anything to do."""
        self.running = {job_id: task for job_id, task in self.running.items() if not task.done()}
        try:
            await asyncio.to_thread(require_own_schema, engine())
            active = await asyncio.to_thread(jobs.list_active)
        except SettingsError:  # the database was migrated meanwhile: this code would leave out what is new
            raise
        except Exception:  # a database that is away for a moment ends no worker
            log.exception("the jobs could not be read")
            return True
        for job in active:
            if job.id not in self.running and len(self.running) < JOBS_AT_ONCE:
                self.running[job.id] = asyncio.create_task(self._work_on_job(job))
        return bool(active)

    async def _pause(self) -> None:
        """Wait until it is time to look again, a job here ends, or this process is told to stop."""
        waiting = asyncio.create_task(self.stopping.wait())
        await asyncio.wait([waiting, *self.running.values()], timeout=POLL_S, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()

    async def _work_on_job(self, job: JobInfo) -> None:
        log.info('%s "%s": working on it', job.kind, job.name)
        try:
            if KINDS[job.kind].whole:
                await asyncio.to_thread(run_whole_job, job, self.runs[job.kind], stopping=self.stopping.is_set)
            else:
                await self.runs[job.kind](job.id, shared=self.shared)
        except ProuttError as exc:
            log.warning('%s "%s": %s', job.kind, job.name, exc)
            await self._failed(job, str(exc))
        except Exception as exc:  # one job's error must not end the others
            log.error('%s "%s" ended in an unexpected error', job.kind, job.name, exc_info=exc)
            await self._failed(job, f"unexpected error: {type(exc).__name__}: {exc}")
        else:
            log.info('%s "%s": %s', job.kind, job.name, (await asyncio.to_thread(jobs.state_of, job.id))[0])
            await self._after(job)

    async def _after(self, job: JobInfo) -> None:
        try:
            await asyncio.to_thread(self.follow_up, job)
        except ProuttError as exc:  # another worker was quicker, say
            log.warning('what follows from %s "%s" was not done: %s', job.kind, job.name, exc)

    async def _failed(self, job: JobInfo, reason: str) -> None:
        """A worker that cannot do a job (it lacks the key, say) does not fail it under the hands of one that can."""
        try:
            if KINDS[job.kind].whole or await asyncio.to_thread(items.leased_now, job.id):
                return  # such a job has noted by itself how it ended
            if await asyncio.to_thread(jobs.halt, job.id, Standstill("refused", reason)):
                await tell(job.id, url=self.shared.webhook_url)
        except Exception:  # the database is away: the job stays, and is tried again
            log.exception('%s "%s": its failure could not be noted', job.kind, job.name)

    async def _stop_all(self) -> None:
        for job_id, task in self.running.items():
            log.info("job %s: giving back what is not done", job_id)
            task.cancel()
        await asyncio.gather(*self.running.values(), return_exceptions=True)
