"""Grouped writes: committed when awaited, few commits, a failing piece alone."""

import asyncio
import time

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

import db.batch
from db.batch import GroupedWrites
from db.engine import read
from db.models import Dataset


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
    commit = db.batch._commit
    monkeypatch.setattr(db.batch, "_commit", lambda group: (commits.append(len(group)), commit(group))[1])

    async def main() -> float:
        writes = GroupedWrites(every_s=0.05)
        started = time.monotonic()

        async def one(n: int) -> None:
            await asyncio.sleep(n * 0.001)
            await writes.run(add(f"d{n}"))  # type: ignore[arg-type]

        await asyncio.gather(*(one(n) for n in range(200)))
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
