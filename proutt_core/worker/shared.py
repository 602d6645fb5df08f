"""What all jobs of one process share: grouped writes, one limit per address, the length of leases."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from db.batch import GroupedWrites
from proutt_core.errors import SettingsError

LEASE_S = 60.0
LEASE_ENV = "PROUTT_LEASE_S"


def lease_s() -> float:
    """How long a claim lasts unless it is renewed: 60 s, or what PROUTT_LEASE_S says."""
    given = os.environ.get(LEASE_ENV, "")
    if not given:
        return LEASE_S
    try:
        seconds = float(given)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 86_400:
        raise SettingsError(f"{LEASE_ENV} must be a number of seconds; it is {given!r}")
    return seconds


class Slots:
    """How many calls to one address may be under way: what the most demanding of its jobs asks for."""

    def __init__(self) -> None:
        self.limit = asyncio.Semaphore(0)
        self._size = 0
        self.users = 0

    def widen(self, size: int) -> None:
        for _ in range(size - self._size):
            self.limit.release()
        self._size = max(size, self._size)


class Shared:
    """Belongs to one event loop. Use it as `async with shared_by_jobs() as shared`."""

    def __init__(self) -> None:
        self.writes = GroupedWrites()
        self.lease_s = lease_s()
        self._slots: dict[str, Slots] = {}

    @contextmanager
    def slots(self, address: str, size: int) -> Iterator[asyncio.Semaphore]:
        """The limit of this address, while a job uses it."""
        slots = self._slots.setdefault(address, Slots())
        slots.users += 1
        slots.widen(size)
        try:
            yield slots.limit
        finally:
            slots.users -= 1
            if not slots.users:
                del self._slots[address]


@asynccontextmanager
async def shared_by_jobs() -> AsyncIterator[Shared]:
    """Made at the start of a process, closed when all that was handed in is committed."""
    shared = Shared()
    try:
        yield shared
    finally:
        await shared.writes.close()
