"""A few threads for one kind of request, and a line of bounded length in front of them.

Where that kind is slow, it must not take the threads that every other request needs.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class LineIsFull(Exception):
    """Nobody is let in before others are through."""


class OwnThreads:
    def __init__(self, *, at_work: int, waiting: int, waiting_per_client: int) -> None:
        self._threads = ThreadPoolExecutor(at_work)
        self._most = at_work + waiting
        self._most_per_client = at_work + waiting_per_client
        self._inside: Counter[str] = Counter()

    async def run(self, work: Callable[[], T], *, client: str) -> T:
        """Of the event loop only. Raises LineIsFull at once, also where one client alone fills its share."""
        if self._inside.total() >= self._most or self._inside[client] >= self._most_per_client:
            raise LineIsFull
        self._inside[client] += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._inside[client] -= 1
            if not self._inside[client]:
                del self._inside[client]
