"""Slots for calls: how many, who goes first, and when another item may begin."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from proutt_core.llm.slots import CallSlots, ItemSlots

STAGES = ("first", "second", "third")


def run(work: Callable[[CallSlots], Awaitable[None]], size: int = 2) -> None:
    async def whole() -> None:
        await work(CallSlots(size, stages=STAGES))

    asyncio.run(whole())


async def turns(n: int = 5) -> None:
    for _ in range(n):
        await asyncio.sleep(0)


def test_no_more_calls_than_slots_and_all_get_one() -> None:
    async def work(slots: CallSlots) -> None:
        most = 0

        async def call(n: int) -> None:
            nonlocal most
            await slots.take(STAGES[n % 3])
            most = max(most, slots.in_use)
            await turns(n % 4)
            slots.leave()

        await asyncio.gather(*(call(n) for n in range(30)))
        assert (most, slots.in_use) == (2, 0)

    run(work)


def test_later_stages_go_first_and_within_one_who_came_first() -> None:
    async def work(slots: CallSlots) -> None:
        order: list[str] = []

        async def call(name: str, stage: str) -> None:
            await slots.take(stage)
            order.append(name)
            await turns(1)
            slots.leave()

        await slots.take("first")
        waiting = [
            asyncio.create_task(call(*one))
            for one in (("a", "first"), ("b", "second"), ("c", "third"), ("d", "second"), ("e", "elsewhere"))
        ]
        await turns()
        assert order == []
        slots.leave()
        await asyncio.gather(*waiting)
        assert order == ["e", "c", "b", "d", "a"]  # a stage that is not named is a last one

    run(work, size=1)


@pytest.mark.parametrize("at_the_same_moment", [True, False])
def test_who_is_cancelled_takes_no_place(at_the_same_moment: bool) -> None:
    async def work(slots: CallSlots) -> None:
        await slots.take("first")
        waiting = asyncio.create_task(slots.take("first"))
        await turns()
        if at_the_same_moment:
            slots.leave()
            waiting.cancel()
        else:
            waiting.cancel()
            await turns()
            slots.leave()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert slots.in_use == 0
        await asyncio.wait_for(slots.take("first"), 1)

    run(work, size=1)


def test_a_larger_size_lets_those_who_wait_in() -> None:
    async def work(slots: CallSlots) -> None:
        waiting = [asyncio.create_task(slots.take("first")) for _ in range(3)]
        await turns()
        assert slots.in_use == 1
        slots.size = 3
        await asyncio.gather(*waiting)
        slots.size = 1  # nobody is thrown out
        assert slots.in_use == 3
        slots.leave()
        assert slots.in_use == 2

    run(work, size=1)


def test_as_many_items_are_admitted_as_fill_the_slots_and_a_small_reserve() -> None:
    """64 slots and 8 calls in reserve are 72 calls, three from each item that begins: 24 items."""

    async def work(slots: CallSlots) -> None:
        items: list[ItemSlots] = []
        while True:
            item_slots = slots.admit()
            if item_slots is None:
                break
            items.append(item_slots)
            calls = [asyncio.create_task(item_slots.take("first")) for _ in range(3)]
            await turns()
            assert sum(call.done() for call in calls) == max(0, min(3, 64 - 3 * (len(items) - 1)))
        assert len(items) == 24

    run(work, size=64)


def test_items_that_have_not_asked_yet_count_for_what_they_will_ask() -> None:
    async def work(slots: CallSlots) -> None:
        items = [slots.admit() for _ in range(5)]
        # 9 calls have room (8 slots, 1 in reserve): three items may begin, the others not yet.
        assert [item is not None for item in items] == [True, True, True, False, False]
        woken = asyncio.Event()
        slots.wake_when_free(woken)
        assert items[0] is not None
        items[0].begin()  # it needs no call: all it asked for was stored
        assert woken.is_set()
        assert slots.admit() is not None

    run(work, size=8)


def test_who_sleeps_is_woken_when_a_place_is_free() -> None:
    async def work(slots: CallSlots) -> None:
        for _ in range(2):
            await slots.take("first")
        reserve = asyncio.create_task(slots.take("first"))
        await turns()
        woken = asyncio.Event()
        assert slots.admit() is None
        slots.wake_when_free(woken)
        slots.leave()
        await reserve
        assert woken.is_set()

    run(work)
