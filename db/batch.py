"""Grouped writes: what the tasks of a process want to write goes into one transaction, one commit every 50 ms at most.

`await run(work)` returns when the transaction that holds `work` is committed, so whoever awaits it knows it is on disk.
One failing piece is rolled back alone and raises at its own `await`.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from db.engine import write

T = TypeVar("T")
Work = Callable[[Session], Any]

COMMIT_EVERY_S = 0.05
TRIES = 3
# PostgreSQL: two processes that write the same keys in another order; the loser simply does it again.
TRY_AGAIN = {"40P01", "40001"}


class GroupedWrites:
    """Belongs to one event loop."""

    def __init__(self, *, every_s: float = COMMIT_EVERY_S) -> None:
        self._every_s = every_s
        self._waiting: list[tuple[Work, asyncio.Future[Any]]] = []
        self._drain: asyncio.Task[None] | None = None
        self._last = 0.0

    async def run(self, work: Callable[[Session], T]) -> T:
        """Do `work` in the next grouped transaction. It goes through even if the caller is cancelled meanwhile."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((work, future))
        if self._drain is None or self._drain.done():
            self._drain = asyncio.create_task(self._commit_all())
        return await future

    async def close(self) -> None:
        """Wait until everything handed in is committed."""
        if self._drain is not None:
            await self._drain

    async def _commit_all(self) -> None:
        while self._waiting:
            await asyncio.sleep(self._last + self._every_s - time.monotonic())
            group, self._waiting = self._waiting, []
            self._last = time.monotonic()
            outcomes = await asyncio.to_thread(_commit_or_explain, [work for work, _ in group])
            for (_, future), outcome in zip(group, outcomes, strict=True):
                _tell(future, outcome)


def _tell(future: "asyncio.Future[Any]", outcome: Any) -> None:
    if future.done():  # cancelled meanwhile
        return
    if isinstance(outcome, BaseException):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)


def _commit_or_explain(group: list[Work]) -> list[Any]:
    for left in reversed(range(TRIES)):
        try:
            return _commit(group)
        except OperationalError as exc:
            if left and getattr(exc.orig, "sqlstate", None) in TRY_AGAIN:
                continue
            return [exc] * len(group)
        except Exception as exc:  # noqa: BLE001  each caller gets it at its own await; none may wait for ever
            return [exc] * len(group)
    raise AssertionError("unreachable: the last try returns")


def _commit(group: list[Work]) -> list[Any]:
    outcomes: list[Any] = []
    with write() as session:
        for work in group:
            try:
                with session.begin_nested():
                    outcome = work(session)
                    session.flush()  # here, or what the database refuses would fail the next piece
                outcomes.append(outcome)
            except OperationalError:
                raise  # the whole transaction is lost, not this piece alone
            except Exception as exc:  # noqa: BLE001  handed to the one who asked for this piece
                outcomes.append(exc)
    return outcomes
