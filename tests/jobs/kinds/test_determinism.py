"""The same seed gives the same pairs at any concurrency, through claims, call log and grouped writes."""

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from db.engine import read, write
from db.tables import ItemCall, LlmCall
from tests.fake_server import FakeServer, Fault, some_faulty
from tests.jobs.project import import_talks, queue_run, rows_of_run, run_here

# What passes or is repaired: it changes the order in which calls are answered, and nothing else.
FAULTS = (Fault.RATE_LIMIT, Fault.ERROR_500, Fault.RESET, Fault.TRUNCATED, Fault.INVALID, Fault.EMPTY, Fault.FENCED)


def forget_calls() -> None:
    """Or a second run would read the first one's replies from the log, and prove nothing."""
    with write() as session:
        session.execute(sa.delete(ItemCall))
        session.execute(sa.delete(LlmCall))


def replies() -> list[tuple[str, str]]:
    """What the log's valid calls were answered, whichever item and run asked."""
    with read() as session:
        rows = session.exec(select(LlmCall.stage, LlmCall.reply).where(col(LlmCall.valid)))
        return sorted((stage, reply) for stage, reply in rows)


def run_of(name: str, *, concurrency: int, **where: str) -> list[dict[str, object]]:
    job_id = queue_run(run=name, seed=3, **where).job_id  # type: ignore[arg-type]
    run_here(job_id, concurrency=concurrency)
    rows = rows_of_run(job_id)
    rows.append({"replies": replies()})  # the same questions, answered the same
    forget_calls()
    return rows


def test_rules_make_the_same_pairs_at_concurrency_1_10_and_64(database: str) -> None:
    import_talks(16)
    single, ten, many = (run_of(f"r{n}", concurrency=n) for n in (1, 10, 64))
    assert len(single) == 16 + 1
    assert all(row["pair"] for row in single[:-1])
    assert single == ten
    assert single == many


def test_a_server_that_fails_now_and_then_gives_the_same_pairs_at_concurrency_1_10_and_64(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("proutt_core.llm.openai.retry.Backoff.wait_s", lambda *_args, **_named: 0.01)
    import_talks(8)
    runs = []
    for concurrency in (1, 10, 64):
        with FakeServer(faults=some_faulty(0.15, FAULTS), latency_s=0.001) as server:
            name = f"r{concurrency}"
            runs.append(run_of(name, concurrency=concurrency, model="fake", base_url=server.base_url))
            assert any(call.seen for call in server.calls)  # something did fail
    single, ten, many = runs
    assert {row["item"]["state"] for row in single[:-1]} == {"done"}  # type: ignore[index]
    assert single == ten
    assert single == many
