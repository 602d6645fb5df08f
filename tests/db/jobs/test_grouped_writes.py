"""Grouped writes: committed when awaited, few commits, a failing piece alone."""

import asyncio
import time

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

import db.jobs.grouped_writes
from db.engine import read
from db.jobs.grouped_writes import GroupedWrites
from db.tables import Dataset


def add(name: str) -> object:
    def work(session: Session) -> str:
        session.add(Dataset(name=name, public_title=name))
        return name

    return work


def names() -> set[str]:
    with read() as session:
        return set(session.exec(select(Dataset.name)))


def test_what_was_awaited_is_committed(database: str) -> None:
    async def main() -> None:
        writes = GroupedWrites()
        assert await writes.run(add("a")) == "a"  # type: ignore[arg-type]
        assert names() == {"a"}

    asyncio.run(main())


def test_many_writes_share_few_commits(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    commits: list[int] = []
    commit = db.jobs.grouped_writes._commit
    monkeypatch.setattr(db.jobs.grouped_writes, "_commit", lambda group: (commits.append(len(group)), commit(group))[1])

    async def main() -> float:
        writes = GroupedWrites(every_s=0.05)
        started = time.monotonic()

        async def submit(n: int) -> None:
            await asyncio.sleep(n * 0.001)
            await writes.run(add(f"d{n}"))  # type: ignore[arg-type]

        await asyncio.gather(*(submit(n) for n in range(200)))
        return time.monotonic() - started

    took = asyncio.run(main())
    assert len(names()) == 200
    assert sum(commits) == 200
    assert len(commits) <= took / 0.05 + 2


def test_a_failing_piece_fails_alone(database: str) -> None:
    async def main() -> list[object]:
        writes = GroupedWrites()
        await writes.run(add("a"))  # type: ignore[arg-type]
        pieces = [writes.run(add(name)) for name in ("b", "a", "c")]  # type: ignore[arg-type]
        return await asyncio.gather(*pieces, return_exceptions=True)

    first, second, third = asyncio.run(main())
    assert (first, third) == ("b", "c")
    assert isinstance(second, IntegrityError)
    assert names() == {"a", "b", "c"}


def test_a_cancelled_writer_does_not_lose_what_it_handed_in(database: str) -> None:
    async def main() -> None:
        writes = GroupedWrites()
        task = asyncio.create_task(writes.run(add("paid")))  # type: ignore[arg-type]
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await writes.close()

    asyncio.run(main())
    assert names() == {"paid"}


def test_values_of_one_store_go_together_before_what_was_handed_in_after_them(database: str) -> None:
    seen: list[list[str]] = []

    def store(session: Session, values: list[str]) -> list[str]:
        seen.append(values)
        session.add_all(Dataset(name=value, public_title=value) for value in values)
        return [f"stored {value}" for value in values]

    def look(session: Session) -> set[str]:
        return set(session.exec(select(Dataset.name)))

    async def main() -> tuple[list[str], set[str]]:
        writes = GroupedWrites()
        stored = [writes.add(store, name) for name in "abc"]
        rows = await writes.run(look)
        return [await one for one in stored], rows

    stored, stored_rows = asyncio.run(main())
    assert stored == ["stored a", "stored b", "stored c"]
    assert seen == [["a", "b", "c"]]
    assert stored_rows == names() == {"a", "b", "c"}


def test_of_values_that_cannot_be_stored_together_each_that_can_is(database: str) -> None:
    def store(session: Session, values: list[str]) -> list[str]:
        session.add_all(Dataset(name=value, public_title=value) for value in values)
        session.flush()
        return values

    async def main() -> list[object]:
        writes = GroupedWrites()
        await writes.run(add("a"))  # type: ignore[arg-type]
        stored = [writes.add(store, name) for name in ("b", "a", "c")]
        work = writes.run(add("d"))  # type: ignore[arg-type]
        return await asyncio.gather(*stored, work, return_exceptions=True)

    first, second, third, work = asyncio.run(main())
    assert (first, third, work) == ("b", "c", "d")
    assert isinstance(second, IntegrityError)
    assert names() == {"a", "b", "c", "d"}


def test_nobody_waits_for_what_was_added_and_close_sees_it_committed(database: str) -> None:
    async def main() -> None:
        writes = GroupedWrites()
        writes.add(lambda session, values: [add(value)(session) for value in values], "later")  # type: ignore[operator]
        assert names() == set()
        await writes.close()

    asyncio.run(main())
    assert names() == {"later"}
