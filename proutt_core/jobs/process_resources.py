"""What all jobs of one process share: grouped writes, the call log, the slots at each address, leases."""

import gc
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from db.jobs.grouped_writes import GroupedWrites
from proutt_core.environment import seconds_from_environment
from proutt_core.jobs.call_log import ProcessLog
from proutt_core.jobs.webhook import webhook_url
from proutt_core.llm.slots import CallSlots
from proutt_core.synthesis.stages import STAGES

LEASE_S = 60.0
LEASE_ENV = "PROUTT_LEASE_S"


def lease_s() -> float:
    """How long a claim lasts unless it is renewed: 60 s, or what PROUTT_LEASE_S says."""
    return seconds_from_environment(LEASE_ENV, default=LEASE_S)


class _Address:
    """The slots at one address: as many as the most demanding of the jobs that go there asks for."""

    def __init__(self) -> None:
        self.slots = CallSlots(0, stages=STAGES)
        self.sizes: list[int] = []  # of those jobs

    def resize(self) -> None:
        self.slots.size = max(self.sizes, default=0)


class ProcessResources:
    """Belongs to one event loop. Use it as `async with process_resources() as shared`."""

    def __init__(self) -> None:
        self.process = secrets.token_hex(8)  # this process's rows of job_usage are noted under it
        self.writes = GroupedWrites()
        self.log = ProcessLog(self.writes, self.process)
        self.lease_s = lease_s()
        self.webhook_url = webhook_url()
        self._addresses: dict[str, _Address] = {}

    @contextmanager
    def slots(self, address: str, size: int) -> Iterator[CallSlots]:
        """The slots at this address, while a job uses them."""
        shared = self._addresses.setdefault(address, _Address())
        shared.sizes.append(size)
        shared.resize()
        try:
            yield shared.slots
        finally:
            shared.sizes.remove(size)
            shared.resize()
            if not shared.sizes:
                del self._addresses[address]


def keep_what_is_loaded() -> None:
    """Called once by a process that is about to work for long. What it has imported stays anyway; looking through it
    for garbage, again and again, would stop all calls for a tenth of a second each time."""
    gc.collect()
    gc.freeze()


@asynccontextmanager
async def process_resources() -> AsyncIterator[ProcessResources]:
    """Made at the start of a process, closed when all that was handed in is committed."""
    shared = ProcessResources()
    try:
        yield shared
    finally:
        await shared.writes.close()
