"""At most so many calls at once, over everything that one process sends to one address.

A call holds a slot while it is under way, also while it backs off: a server that asks for less gets less. Where
several calls wait, the one of the latest stage goes first, so that what was begun is finished before more is begun.
For the same reason items are admitted one by one, only while fewer calls wait than fill the slots that become free
before an item has its next question ready: as many items are under way as keep the slots full, and no more.
"""

import asyncio
import heapq
import itertools
from collections.abc import Sequence

# An item of a synthesis run asks for three things at once: so many slots one that has just been admitted may take.
CALLS_AT_START = 3
# One call for so many slots waits in reserve: between an item's stages its slot would stand empty.
SLOTS_PER_RESERVE = 8


class CallSlots:
    """The slots at one address, for one event loop. `stages` is their order; any other stage is a last one."""

    def __init__(self, size: int, *, stages: Sequence[str] = ()) -> None:
        self._size = size
        self._in_use = 0
        self._rank = {stage: number for number, stage in enumerate(stages)}
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._number = itertools.count()
        self._items_at_start = 0
        self._alarms: set[asyncio.Event] = set()

    @property
    def in_use(self) -> int:
        return self._in_use

    @property
    def size(self) -> int:
        return self._size

    @size.setter
    def size(self, size: int) -> None:
        self._size = size
        self._hand_out()

    async def take(self, stage: str) -> None:
        """Wait for a slot; `leave` it when the call has ended."""
        if self._in_use < self._size and not self._waiting:
            self._in_use += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        rank = self._rank.get(stage, len(self._rank))
        heapq.heappush(self._waiting, (-rank, next(self._number), turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # the slot came at the same moment
                self.leave()
            raise

    def leave(self) -> None:
        self._in_use -= 1
        self._hand_out()

    def admit(self) -> "ItemSlots | None":
        """An item may begin; None: not now. Whoever got None may be woken by `wake_when_free`."""
        if self._items_at_start >= -(-self._room() // CALLS_AT_START):
            return None
        self._items_at_start += 1
        return ItemSlots(self)

    def wake_when_free(self, event: asyncio.Event) -> None:
        """Set the event, once, when an item might be admitted again."""
        self._alarms.add(event)

    def item_has_begun(self) -> None:
        self._items_at_start -= 1
        self._wake()

    def _room(self) -> int:
        """How many more calls could be under way or in reserve."""
        reserve = -(-self._size // SLOTS_PER_RESERVE)
        return self._size + reserve - self._in_use - len(self._waiting)

    def _hand_out(self) -> None:
        while self._waiting and self._in_use < self._size:
            turn = heapq.heappop(self._waiting)[2]
            if not turn.done():
                self._in_use += 1
                turn.set_result(None)
        self._wake()

    def _wake(self) -> None:
        if self._alarms and self._room() > 0:
            for event in self._alarms:
                event.set()
            self._alarms.clear()


class ItemSlots:
    """One item's way to the slots. It counts as beginning until it asks for its first slot, or ends without one."""

    def __init__(self, slots: CallSlots) -> None:
        self._slots = slots
        self._begun = False

    async def take(self, stage: str) -> None:
        taking = self._slots.take(stage)
        self.begin()
        await taking

    def leave(self) -> None:
        self._slots.leave()

    def begin(self) -> None:
        if not self._begun:
            self._begun = True
            self._slots.item_has_begun()
