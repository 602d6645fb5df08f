"""A line of bounded length in front of a few threads."""

import asyncio
import threading

import pytest

from server.own_threads import LineIsFull, OwnThreads

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Work:
    """Goes on until it is let go; remembers how many did so at once."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.lock = threading.Lock()
        self.now, self.most = 0, 0

    def __call__(self) -> str:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        self.go_on.wait(20)
        with self.lock:
            self.now -= 1
        return "done"


async def test_beyond_the_line_nobody_waits_and_nobody_else_is_held_up() -> None:
    threads, work = OwnThreads(at_work=2, waiting=6, waiting_per_client=6), Work()
    tasks = [asyncio.create_task(threads.run(work, client="a")) for _ in range(8)]
    await asyncio.sleep(0)
    with pytest.raises(LineIsFull):
        await threads.run(work, client="b")
    assert await asyncio.to_thread(lambda: "another thread is free") == "another thread is free"
    work.go_on.set()
    assert await asyncio.gather(*tasks) == ["done"] * 8
    assert work.most == 2
    assert await threads.run(work, client="b") == "done"


async def test_one_client_takes_its_share_of_the_line_only() -> None:
    threads, work = OwnThreads(at_work=1, waiting=5, waiting_per_client=2), Work()
    tasks = [asyncio.create_task(threads.run(work, client="a")) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(LineIsFull):
        await threads.run(work, client="a")
    tasks.append(asyncio.create_task(threads.run(work, client="b")))
    await asyncio.sleep(0)
    work.go_on.set()
    assert await asyncio.gather(*tasks) == ["done"] * 4


async def test_work_that_fails_makes_room_too() -> None:
    threads = OwnThreads(at_work=1, waiting=0, waiting_per_client=0)
    for _ in range(3):
        with pytest.raises(ValueError):
            await threads.run(lambda: int("x"), client="a")
