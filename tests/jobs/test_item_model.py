"""What becomes of a job's calls: stored without waiting, asked once, kept when nobody waits, limited, counted."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import col, select

from db.engine import read
from db.jobs import items, jobs, usage
from db.tables import ItemCall, LlmCall
from proutt_core.jobs.kinds.synthesis import run_synthesis
from proutt_core.jobs.process_resources import ProcessResources, process_resources
from tests.fake_server import Call, FakeServer, Fault
from tests.jobs.project import import_talks, queue_run, rows_of_run, run_here


def start(server: FakeServer, run: str = "r", **more: Any) -> int:
    return queue_run(run=run, model="fake", base_url=server.base_url, **more).job_id


def stored() -> list[LlmCall]:
    with read() as session:
        return list(session.exec(select(LlmCall).order_by(col(LlmCall.id))))


def links() -> list[ItemCall]:
    with read() as session:
        return list(session.exec(select(ItemCall)))


def run_all(*job_ids: int, concurrency: int, meanwhile: Callable[[ProcessResources], Any] | None = None) -> None:
    """Several jobs of one process."""

    async def work() -> None:
        async with process_resources() as shared:
            runs = [asyncio.create_task(run_synthesis(job, shared=shared, concurrency=concurrency)) for job in job_ids]
            if meanwhile is not None:
                await meanwhile(shared)
            await asyncio.gather(*runs)

    asyncio.run(work())


def test_two_runs_at_once_ask_each_question_once(database: str) -> None:
    import_talks(6)
    with FakeServer(latency_s=0.02) as server:
        first, second = start(server, "one"), start(server, "two")
        run_all(first, second, concurrency=8)
    assert rows_of_run(first) == rows_of_run(second)
    assert {call.seen for call in server.calls} == {0}
    assert len(stored()) == len(server.calls)
    spent = [sum(stage.calls for stage in usage.of_job(job)) for job in (first, second)]
    served = [sum(stage.cached_calls for stage in usage.of_job(job)) for job in (first, second)]
    assert sum(spent) == sum(served) == len(server.calls)
    assert spent[0] + served[0] == spent[1] + served[1]


def test_the_places_at_an_address_are_shared_by_the_jobs_that_go_there(sqlite: str) -> None:
    import_talks(6)
    with FakeServer(latency_s=0.02) as server:
        run_all(start(server, "one"), start(server, "two", seed=1), concurrency=3)
    assert server.most_at_once == 3


@pytest.mark.parametrize("stop", [jobs.pause, jobs.cancel])
def test_what_was_under_way_when_a_job_stopped_is_stored(sqlite: str, stop: Callable[[int], None]) -> None:
    import_talks(8)
    with FakeServer(latency_s=0.3) as server:
        job_id = start(server)

        async def stop_soon(_shared: ProcessResources) -> None:
            while len(server.calls) < 6:
                await asyncio.sleep(0.01)
            await asyncio.to_thread(stop, job_id)

        run_all(job_id, concurrency=4, meanwhile=stop_soon)
        assert items.counts(job_id).running == 0
        assert len(stored()) == len(server.calls)
        jobs.resume(job_id)
        server.latency_s = 0.0
        run_here(job_id)
    assert {call.seen for call in server.calls} == {0}


def test_an_item_that_fails_keeps_what_its_other_stages_were_answered(sqlite: str) -> None:
    """The tree is refused at once, while the category's calls are still under way."""
    import_talks(1)
    with FakeServer(
        latency_s=0.2, faults=lambda call: Fault.TOO_LONG if _stage(call) == "intenttree" else None
    ) as server:
        job_id = start(server)

        async def hurry(_shared: ProcessResources) -> None:
            while len(server.calls) < 3:
                await asyncio.sleep(0.01)

        run_all(job_id, concurrency=8, meanwhile=hurry)
    assert items.counts(job_id) == items.ItemCounts(failed=1)
    assert len(stored()) == len(server.calls) == 3
    assert sorted(call.valid for call in stored()) == [False, True, True]


def _stage(call: Call) -> str:
    return str(call.body["response_format"]["json_schema"]["name"]).removesuffix("Reply").casefold()


def test_a_limit_of_calls_pauses_the_job_and_none_too_many_is_made(database: str) -> None:
    import_talks(6)
    with FakeServer(latency_s=0.02) as server:
        job_id = start(server, max_calls=20)
        run_here(job_id, concurrency=8)
        job = jobs.required(job_id)
        assert (job.state, job.reason) == ("paused", "reached --max-calls 20")
        assert len(server.calls) == len(stored()) == 20
        jobs.resume(job_id)
        run_here(job_id)
        assert (jobs.required(job_id).state, len(server.calls)) == ("paused", 20)
        jobs.set_limits(job_id, max_calls=None, max_cost=None)
        jobs.resume(job_id)
        run_here(job_id)
    assert jobs.required(job_id).state == "done"
    assert {call.seen for call in server.calls} == {0}


def test_a_refusal_that_hits_every_item_fails_the_job(sqlite: str) -> None:
    import_talks(12)
    with FakeServer(faults=lambda _call: Fault.TOO_LONG) as server:
        job_id = start(server)
        run_here(job_id, concurrency=2)
    job = jobs.required(job_id)
    assert job.state == "failed"
    assert job.reason.startswith("5 items in a row were refused alike, and nothing was answered meanwhile: ")
    counts = items.counts(job_id)
    assert 5 <= counts.failed <= 7  # what was under way may fail as well
    assert counts.running == 0
    assert {failure.stage for failure in items.failures(job_id)} <= {
        "intent_tree",
        "category_label",
        "category_reasons",
    }


def test_a_call_that_cannot_be_stored_ends_the_job_loudly(sqlite: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import_talks(3)

    def broken(*_args: object, **_named: object) -> object:
        raise ZeroDivisionError("the disk is gone")

    monkeypatch.setattr("db.jobs.calls.store", broken)
    with FakeServer() as server:
        job_id = start(server)
        with pytest.raises(ZeroDivisionError):
            run_here(job_id)
    assert items.counts(job_id).done == 0


def test_a_generation_has_its_own_calls(sqlite: str) -> None:
    import_talks(2)
    with FakeServer() as server:
        first = start(server, "first")
        run_here(first)
        calls = len(server.calls)
        fresh = start(server, "fresh", fresh=True)
        run_here(fresh)
    assert len(server.calls) == 2 * calls
    assert {call.generation for call in stored()} == {0, 1}
    assert not any(call.superseded for call in stored())
    assert rows_of_run(first) == rows_of_run(fresh)


def test_each_call_says_when_it_was_asked_and_sent_and_the_job_what_it_came_to(database: str) -> None:
    import_talks(3)
    with FakeServer(cached_tokens=2) as server:
        job_id = start(server)
        run_here(job_id)
    rows = stored()
    by_id = {row.id: row for row in rows}
    for link in links():
        started_at = by_id[link.call_id].started_at
        assert link.asked_at is not None
        assert started_at is not None
        assert link.asked_at <= started_at
    sums = usage.of_job(job_id)
    assert sum(stage.calls for stage in sums) == len(rows)
    assert sum(stage.prompt_tokens for stage in sums) == sum(row.prompt_tokens or 0 for row in rows)
    assert sum(stage.cached_tokens for stage in sums) == 2 * len(rows)
    assert {stage.answered_by for stage in sums} == {"fake-2026-01-01"}
