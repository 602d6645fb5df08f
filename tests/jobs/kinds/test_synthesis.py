"""Synthesis runs from end to end, on both databases: rows, resuming, stopping, outages, refusals."""

import asyncio
import time
from collections.abc import Callable

import pytest
from sqlmodel import select

from db.engine import read
from db.jobs import calls, items, jobs
from db.synthesis import runs as synthesis
from db.tables import ItemCall, LlmCall, Queue, QueueItem
from proutt_core.errors import ConflictError
from proutt_core.jobs.bills import bill_of
from proutt_core.jobs.kinds.synthesis import run_synthesis
from proutt_core.jobs.process_resources import process_resources
from tests.fake_server import Call, FakeServer, Fault
from tests.jobs.project import import_talks, queue_run, rows_of_run, run_here


def start(server: FakeServer, run: str = "r", *, limit: int | None = None, seed: int = 0) -> int:
    made = queue_run(run=run, model="fake", base_url=server.base_url, limit=limit, seed=seed)
    return made.job_id


def count(table: type) -> int:
    with read() as session:
        return len(session.exec(select(table)).all())


def test_a_run_makes_a_pair_of_every_item_and_opens_its_queues(database: str) -> None:
    import_talks(8)
    job_id = queue_run(run="r").job_id
    run_here(job_id)
    job = jobs.required(job_id)
    assert (job.state, job.reason) == ("done", "")
    summary = synthesis.summary(job_id)
    assert (summary.total, summary.done, summary.failed) == (8, 8, 0)
    assert sum(summary.branches.values()) == 8
    rows = rows_of_run(job_id)
    assert [row["item"]["position"] for row in rows] == list(range(8))
    assert all(row["pair"]["split"] == "train" and row["item"]["results"]["tree"] for row in rows)
    assert bill_of(job_id).total.calls >= 6 * 8
    with read() as session:
        kinds = session.exec(select(Queue.kind, Queue.public_title).order_by(Queue.kind)).all()
    assert kinds == [("pair", "Talks"), ("tree", "Talks")]
    assert count(QueueItem) == 16


@pytest.mark.parametrize("concurrency", [1, 16])
def test_the_same_seed_gives_the_same_rows_at_any_concurrency(sqlite: str, concurrency: int) -> None:
    import_talks(8)
    with FakeServer() as server:
        job_id = start(server)
        run_here(job_id, concurrency=4)
        expected = rows_of_run(job_id)
        paid = bill_of(job_id).total.calls
        other = start(server, "other")
        run_here(other, concurrency=concurrency)
    assert rows_of_run(other) == expected
    # Another run with the same settings shares the log: nothing is paid twice.
    again = bill_of(other).total
    assert again.calls == 0
    assert again.cached_calls >= 6 * 8
    assert len(server.calls) == paid


def test_a_limit_of_five_then_ten_does_five_more(database: str) -> None:
    import_talks(12)
    with FakeServer() as server:
        job_id = start(server, limit=5)
        run_here(job_id)
        first, calls = rows_of_run(job_id), len(server.calls)
        assert len(first) == 5
        start(server, limit=10)
        run_here(job_id)
    rows = rows_of_run(job_id)
    assert len(rows) == 10
    assert rows[:5] == first
    assert len(server.calls) > calls
    assert {call.seen for call in server.calls} == {0}
    assert jobs.required(job_id).state == "done"
    assert count(QueueItem) == 2 * synthesis.summary(job_id).done


def test_a_finished_run_asks_nothing_when_it_is_run_again(database: str) -> None:
    import_talks(3)
    with FakeServer() as server:
        job_id = start(server)
        run_here(job_id)
        calls, rows = len(server.calls), rows_of_run(job_id)
        assert start(server) == job_id
        run_here(job_id)
    assert len(server.calls) == calls
    assert rows_of_run(job_id) == rows


def test_a_server_never_sees_more_calls_at_once_than_asked_for(sqlite: str) -> None:
    import_talks(10)
    with FakeServer(latency_s=0.02) as server:
        run_here(start(server), concurrency=3)
    assert server.most_at_once == 3


def stopped_while_running(job_id: int, stop: Callable[[int], None], *, when: Callable[[], bool]) -> float:
    """Run the job and stop it when the time has come; how long it took to stop."""

    async def main() -> float:
        async with process_resources() as shared:
            running = asyncio.create_task(run_synthesis(job_id, shared=shared, concurrency=4))
            while not when():
                assert not running.done()
                await asyncio.sleep(0.01)
            stop(job_id)
            stopped = time.monotonic()
            await running
            return time.monotonic() - stopped

    return asyncio.run(main())


@pytest.mark.parametrize("stop", [jobs.pause, jobs.cancel])
def test_a_stopped_run_stops_promptly_gives_back_its_items_and_resumes(
    database: str, stop: Callable[[int], None]
) -> None:
    import_talks(10)
    with FakeServer(latency_s=0.05) as server:
        job_id = start(server)
        took = stopped_while_running(job_id, stop, when=lambda: items.counts(job_id).done >= 1)
        assert took < 2
        left = items.counts(job_id)
        assert left.running == 0
        assert left.waiting > 0
        assert jobs.required(job_id).state in ("paused", "cancelled")
        jobs.resume(job_id)
        run_here(job_id)
        interrupted = rows_of_run(job_id)
        undisturbed = queue_run(run="undisturbed", model="fake", base_url=server.base_url).job_id
        run_here(undisturbed)
    assert jobs.required(job_id).state == "done"
    assert interrupted == rows_of_run(undisturbed)


def test_an_item_that_fails_is_told_with_its_stage_and_its_raw_replies(database: str) -> None:
    import_talks(4)

    def broken(call: Call) -> Fault | None:
        return Fault.INVALID if _stage(call) == "similarity" else None

    with FakeServer(faults=broken) as server:
        job_id = start(server, limit=2)
        run_here(job_id)
    assert jobs.required(job_id).state == "done"
    failed = items.failures(job_id)
    assert [failure.stage for failure in failed] == ["similarity", "similarity"]
    assert "refused twice" in failed[0].reason
    served = calls.of_item(kind="synthesis", item_id=failed[0].item_id)
    refused = [call for call in served if call.stage == "similarity"]
    assert [(call.attempt, call.valid, call.answer.text) for call in refused] == [
        (1, False, '{"unexpected": true}'),
        (2, False, '{"unexpected": true}'),
    ]
    (row, _) = rows_of_run(job_id)
    assert row["item"]["results"]["insight"] is not None
    assert row["pair"] is None


def _stage(call: Call) -> str:
    return str(call.body["response_format"]["json_schema"]["name"]).removesuffix("Reply").casefold()


def test_a_wrong_key_fails_the_job_at_once_and_gives_the_items_back(database: str) -> None:
    import_talks(6)
    with FakeServer(key="right") as server:
        job_id = start(server)
        run_here(job_id)
        job = jobs.required(job_id)
        assert job.state == "failed"
        assert "key" in job.reason.casefold()
        assert items.counts(job_id) == items.ItemCounts(waiting=6)
        assert len(server.calls) <= 4  # what was under way
        server.key = None
        jobs.resume(job_id)
        run_here(job_id)
    assert items.counts(job_id).finished == 6


def test_a_server_that_is_down_pauses_the_run_and_no_item_fails(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proutt_core.llm.openai.retry.Backoff.wait_s", lambda *_args, **_named: 0.0)
    import_talks(6)
    with FakeServer(faults=lambda call: Fault.ERROR_503) as server:
        job_id = start(server)
        run_here(job_id)
        job = jobs.required(job_id)
        assert job.state == "paused"
        assert "items in a row got no answer, nor did a test question: " in job.reason
        assert items.counts(job_id) == items.ItemCounts(waiting=6)
        server.faults = ()
        jobs.resume(job_id)
        run_here(job_id)
    assert items.counts(job_id).done == 6


def test_one_item_that_gets_no_answer_fails_alone(sqlite: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proutt_core.llm.openai.retry.Backoff.wait_s", lambda *_args, **_named: 0.0)
    import_talks(8)
    with FakeServer() as server:
        run_here(start(server, "first", limit=1))
        (lost,) = {call.prompt for call in server.calls if _stage(call) == "intenttree"}
    with FakeServer(faults=lambda call: Fault.ERROR_503 if call.prompt == lost else None) as server:
        job_id = start(server)
        run_here(job_id, concurrency=2)
    assert jobs.required(job_id).state == "done"
    assert [failure.stage for failure in items.failures(job_id)] == ["intent_tree"]
    assert items.counts(job_id) == items.ItemCounts(done=7, failed=1)


def test_a_bug_fails_its_item_and_a_series_of_them_the_job(sqlite: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import_talks(12)

    async def broken(*_args: object, **_named: object) -> object:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("proutt_core.jobs.kinds.synthesis.synthesise", broken)
    job_id = queue_run(run="r").job_id
    run_here(job_id, concurrency=1)
    job = jobs.required(job_id)
    assert job.state == "failed"
    assert "ZeroDivisionError: a bug" in job.reason
    assert items.counts(job_id) == items.ItemCounts(failed=5, waiting=7)


def test_links_name_every_call_of_an_item(sqlite: str) -> None:
    import_talks(2)
    with FakeServer() as server:
        run_here(start(server))
    assert count(LlmCall) == len(server.calls) == count(ItemCall)


def test_a_run_with_other_settings_is_refused_in_the_words_of_the_command_line(sqlite: str) -> None:
    import_talks(2)
    queue_run(run="r", seed=1)
    with pytest.raises(ConflictError, match="seed is 1 there and 2 here"):
        queue_run(run="r", seed=2)
    with pytest.raises(ConflictError, match="split is 'train' there and 'all' here"):
        queue_run(run="r", seed=1, split="all")
    queue_run(run="r", seed=1, concurrency=99, limit=1)
