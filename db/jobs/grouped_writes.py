"""Grouped writes: what the tasks of a process want to write goes into one transaction, one commit every 50 ms at most.

`await run(work)` returns when the transaction that holds `work` is committed, so whoever awaits it knows it is on disk.
`add(store, value)` waits for nobody: all values added for one `store` go to it together, at the start of the next
transaction, so that a `work` handed in after them is committed with them or later. One failing piece is rolled back
alone and raises at its own `await`.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from db.engine import write

T = TypeVar("T")
V = TypeVar("V")

COMMIT_EVERY_S = 0.05
# What is handed in together with the first piece, or right after it, goes with it: an item's save with its last call.
GATHER_S = 0.005
TRIES = 3
# PostgreSQL: two processes that write the same keys in another order; the loser simply does it again.
TRY_AGAIN = {"40P01", "40001"}


@dataclass(frozen=True)
class _Work:
    work: Callable[[Session], Any]


@dataclass(frozen=True)
class _Value:
    store: Callable[[Session, list[Any]], Sequence[Any]]
    value: Any


_Piece = _Work | _Value


class GroupedWrites:
    """Belongs to one event loop."""

    def __init__(self, *, every_s: float = COMMIT_EVERY_S) -> None:
        self._every_s = every_s
        self._waiting: list[tuple[_Piece, asyncio.Future[Any]]] = []
        self._drain: asyncio.Task[None] | None = None
        self._last = 0.0

    async def run(self, work: Callable[[Session], T]) -> T:
        """Do `work` in the next grouped transaction. It goes through even if the caller is cancelled meanwhile."""
        done: asyncio.Future[T] = self._hand_in(_Work(work))
        return await done

    def add(self, store: Callable[[Session, list[V]], Sequence[T]], value: V) -> "asyncio.Future[T]":
        """Have `value` stored with the next transaction. `store` returns one result a value, in order."""
        return self._hand_in(_Value(store, value))

    def _hand_in(self, piece: _Piece) -> "asyncio.Future[Any]":
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((piece, future))
        if self._drain is None or self._drain.done():
            self._drain = asyncio.create_task(self._commit_all())
        return future

    async def close(self) -> None:
        """Wait until everything handed in is committed."""
        if self._drain is not None:
            await self._drain

    async def _commit_all(self) -> None:
        while self._waiting:
            await asyncio.sleep(max(GATHER_S, self._last + self._every_s - time.monotonic()))
            group, self._waiting = self._waiting, []
            self._last = time.monotonic()
            outcomes = await asyncio.to_thread(_commit_or_explain, [piece for piece, _ in group])
            for (_, future), outcome in zip(group, outcomes, strict=True):
                _tell(future, outcome)


def _tell(future: "asyncio.Future[Any]", outcome: Any) -> None:
    if future.done():  # cancelled meanwhile
        return
    if isinstance(outcome, BaseException):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)


def _commit_or_explain(group: list[_Piece]) -> list[Any]:
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


def _commit(group: list[_Piece]) -> list[Any]:
    with write() as session:
        outcomes = _alone(session, lambda session: _all(session, group))
        if isinstance(outcomes, Exception):  # a piece failed: each by itself, so that the others succeed
            return _each(session, group)
        return list(outcomes)


def _all(session: Session, group: list[_Piece]) -> list[Any]:
    outcomes: list[Any] = [None] * len(group)
    for store, numbers in _together(group).items():
        stored = store(session, [group[n].value for n in numbers])  # type: ignore[union-attr]  # they are values
        for n, outcome in zip(numbers, stored, strict=True):
            outcomes[n] = outcome
    for n, piece in enumerate(group):
        if isinstance(piece, _Work):
            outcomes[n] = piece.work(session)
    return outcomes


def _each(session: Session, group: list[_Piece]) -> list[Any]:
    """Values before works, as in `_all`."""
    outcomes: list[Any] = [None] * len(group)
    for kind in (_Value, _Work):
        for n, piece in enumerate(group):
            if isinstance(piece, kind):
                outcomes[n] = _alone(session, _doing(piece))
    return outcomes


def _doing(piece: _Piece) -> Callable[[Session], Any]:
    if isinstance(piece, _Work):
        return piece.work
    return lambda session: piece.store(session, [piece.value])[0]


def _together(group: list[_Piece]) -> dict[Callable[[Session, list[Any]], Sequence[Any]], list[int]]:
    positions_by_store: defaultdict[Callable[[Session, list[Any]], Sequence[Any]], list[int]] = defaultdict(list)
    for n, piece in enumerate(group):
        if isinstance(piece, _Value):
            positions_by_store[piece.store].append(n)
    return positions_by_store


def _alone(session: Session, work: Callable[[Session], Any]) -> Any:
    """What `work` returns, or its error; an error undoes this piece and nothing else."""
    try:
        with session.begin_nested():
            outcome = work(session)
            session.flush()  # here, or what the database refuses would fail the next piece
            return outcome
    except OperationalError:
        raise  # the whole transaction is lost, not this piece alone
    except Exception as exc:  # noqa: BLE001  handed to the one who asked for this piece
        return exc
