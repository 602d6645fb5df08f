"""What a run may spend: it stops cleanly at its limit, in one process to the call, and goes on when that is raised."""

import asyncio
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from db.columns import now
from db.engine import read, write
from db.jobs import items, jobs, usage
from db.jobs.jobs import JobInfo
from db.jobs.prices import Price, remove_price, set_price
from db.jobs.usage import StageUsage
from db.tables import LlmCall
from proutt_core.errors import InputError, SettingsError
from proutt_core.jobs.bills import bill_of
from proutt_core.jobs.budget import FIRST_COMPLETION_TOKENS, FIRST_PROMPT_TOKENS, JobBudget
from proutt_core.jobs.kinds.synthesis import run_synthesis
from proutt_core.jobs.process_resources import process_resources
from proutt_core.types.calls import Completion, Usage
from proutt_core.types.halts import Standstill
from tests.fake_server import FakeServer
from tests.jobs.project import import_talks, queue_run, rows_of_run, run_here

TALKS = 8


def start(address: str, run: str = "r", **more: object) -> int:
    return queue_run(run=run, model="fake", base_url=address, **more).job_id  # type: ignore[arg-type]


def price(address: str, *, prompt: float = 1_000.0, cached: float = 500.0, completion: float = 4_000.0) -> None:
    """In EUR, a million tokens: by default a thousandth of a Euro for a prompt token."""
    row = Price(
        address=address,
        model="fake",
        since=date(2020, 1, 1),
        currency="EUR",
        prompt=prompt,
        cached=cached,
        completion=completion,
    )
    set_price(row)


def note_usage(job_id: int, process: str, **counts: Any) -> None:
    with write() as session:
        usage.add(session, job_id=job_id, process=process, usages=[StageUsage(stage="insight", **counts)])


def budget_of(job_id: int, process: str = "here") -> JobBudget:
    budget = JobBudget(jobs.required(job_id), process=process)
    budget.look()
    return budget


def answer(prompt: int | None, completion: int | None = 0) -> Completion:
    return Completion(text="x", usage=Usage(prompt_tokens=prompt, completion_tokens=completion))


TEN_REACHED = Standstill("money", "reached --max-cost 10.00 EUR")


def calls_reached(calls: int) -> Standstill:
    return Standstill("calls", f"reached --max-calls {calls}")


# --- the arithmetic ---------------------------------------------------------------------------------------------------


@pytest.fixture
def job(sqlite: str) -> JobInfo:
    import_talks(2)
    return jobs.required(start("http://127.0.0.1:1/v1"))


def test_calls_under_way_count_before_they_have_ended(job: JobInfo) -> None:
    jobs.set_limits(job.id, max_calls=2, max_cost=None)
    budget = budget_of(job.id)
    assert [budget.before_call() for _ in range(3)] == [None, None, calls_reached(2)]
    budget.after_call(answer(1))
    assert budget.before_call() == calls_reached(2)


def test_what_was_stored_before_counts_whoever_stored_it(job: JobInfo) -> None:
    jobs.set_limits(job.id, max_calls=10, max_cost=None)
    note_usage(job.id, "here", calls=4)
    note_usage(job.id, "elsewhere", calls=5)
    budget = budget_of(job.id)
    assert [budget.before_call() for _ in range(2)] == [None, calls_reached(10)]


def test_what_others_store_meanwhile_is_seen_and_ones_own_is_not_counted_twice(job: JobInfo) -> None:
    jobs.set_limits(job.id, max_calls=10, max_cost=None)
    budget = budget_of(job.id)
    for _ in range(3):
        assert budget.before_call() is None
        budget.after_call(answer(1))
    note_usage(job.id, "here", calls=3)  # the log has caught up
    note_usage(job.id, "elsewhere", calls=6)
    budget.look()
    assert [budget.before_call() for _ in range(2)] == [None, calls_reached(10)]


def test_a_limit_that_is_raised_while_the_run_goes_on_is_seen(job: JobInfo) -> None:
    budget = budget_of(job.id)
    assert budget.before_call() is None  # no limit yet
    jobs.set_limits(job.id, max_calls=1, max_cost=None)
    budget.look()
    assert budget.before_call() == calls_reached(1)
    jobs.set_limits(job.id, max_calls=2, max_cost=None)
    budget.look()
    assert budget.before_call() is None


def test_a_call_under_way_reserves_what_the_dearest_cost_here(job: JobInfo) -> None:
    price("http://127.0.0.1:1/v1")
    jobs.set_limits(job.id, max_calls=None, max_cost=10.0)
    budget = budget_of(job.id)
    for prompt_tokens in (4_000, 500):  # 4.0 and 0.5 EUR
        assert budget.before_call() is None
        budget.after_call(answer(prompt_tokens))
    assert budget.before_call() is None  # 4.5 + 4.0 = 8.5
    assert budget.before_call() == TEN_REACHED  # 4.5 + 2 * 4.0 = 12.5


def test_a_call_under_way_reserves_what_calls_cost_on_average(job: JobInfo) -> None:
    price("http://127.0.0.1:1/v1")
    jobs.set_limits(job.id, max_calls=None, max_cost=10.0)
    note_usage(job.id, "before", calls=2, prompt_tokens=4_000)  # 4 EUR, 2 a call
    budget = budget_of(job.id)
    # 4 are spent; three calls of 2 fit into the 6 that are left
    assert [budget.before_call() for _ in range(4)] == [None, None, None, TEN_REACHED]
    budget.after_call(answer(500))  # cheaper than the average: 4.5 of 3 calls, 1.5 a call; two are under way
    assert budget.before_call() is None  # 4.5 + 2 * 1.5 + 1.5 = 9.0
    assert budget.before_call() == TEN_REACHED  # 4.5 + 3 * 1.5 + 1.5 = 10.5


def test_the_first_call_reserves_what_a_short_dialogue_costs(job: JobInfo) -> None:
    price("http://127.0.0.1:1/v1")
    call_cost = (FIRST_PROMPT_TOKENS * 1_000 + FIRST_COMPLETION_TOKENS * 4_000) / 1e6
    jobs.set_limits(job.id, max_calls=None, max_cost=call_cost * 1.5)
    assert [budget_of(job.id).before_call()] == [None]
    jobs.set_limits(job.id, max_calls=None, max_cost=call_cost * 0.9)
    assert budget_of(job.id).before_call() == Standstill("money", f"reached --max-cost {call_cost * 0.9:.2f} EUR")


def test_calls_without_usage_are_taken_for_average_ones(job: JobInfo) -> None:
    price("http://127.0.0.1:1/v1")
    jobs.set_limits(job.id, max_calls=None, max_cost=10.0)
    note_usage(job.id, "before", calls=4, unmetered_calls=2, prompt_tokens=4_000)  # 2 a metered call, so about 8
    budget = budget_of(job.id)
    assert budget.before_call() is None
    budget.after_call(answer(None, None))
    assert budget.before_call() == TEN_REACHED


def test_nobody_is_paid_for_a_call_that_got_no_answer(job: JobInfo) -> None:
    price("http://127.0.0.1:1/v1")
    jobs.set_limits(job.id, max_calls=3, max_cost=100.0)
    budget = budget_of(job.id)
    for _ in range(3):
        assert budget.before_call() is None
        budget.after_call(None)
    assert budget.before_call() == calls_reached(3)


def test_a_limit_in_money_without_a_price_makes_no_call(sqlite: str) -> None:
    import_talks(1)
    price("https://example.org/v1")
    job_id = start("https://example.org/v1", max_cost=1.0)
    remove_price(address="https://example.org/v1", model="fake", since=date(2020, 1, 1))
    limit = budget_of(job_id).before_call()
    assert limit is not None
    assert limit.halt == "price"
    assert limit.reason.startswith(f"no price is known for fake at https://example.org/v1 on {now().date()}: add one")


# --- real runs over HTTP ----------------------------------------------------------------------------------------------


def stored_calls() -> int:
    with read() as session:
        return session.exec(select(sa.func.count(col(LlmCall.id)))).one()


def test_max_calls_stops_to_the_call_and_a_raised_limit_goes_on(database: str) -> None:
    import_talks(TALKS)
    with FakeServer(latency_s=0.02) as server:
        job_id = start(server.base_url, max_calls=20, concurrency=8)
        run_here(job_id, concurrency=8)
        assert len(server.calls) == 20
        job = jobs.required(job_id)
        assert (job.state, job.halt, job.reason) == ("paused", "calls", "reached --max-calls 20")
        assert (stored_calls(), bill_of(job_id).total.calls) == (20, 20)  # what was under way is stored
        assert start(server.base_url) == job_id  # a resume without a limit keeps it
        run_here(job_id, concurrency=8)
        assert (len(server.calls), jobs.required(job_id).state) == (20, "paused")
        start(server.base_url, max_calls=10_000)
        run_here(job_id, concurrency=8)
        assert jobs.required(job_id).state == "done"
        in_all = len(server.calls)
    with FakeServer() as undisturbed:
        other = start(undisturbed.base_url, "other")
        run_here(other)
    assert in_all == len(undisturbed.calls)  # nothing was asked twice
    assert rows_of_run(job_id) == rows_of_run(other)


def test_max_cost_stops_at_the_limit_and_counts_what_was_paid_before(database: str) -> None:
    import_talks(TALKS)
    with FakeServer(latency_s=0.02, cached_tokens=100) as server:
        price(server.base_url)
        job_id = start(server.base_url, max_cost=20.0, concurrency=4)
        run_here(job_id, concurrency=4)
        job, bill = jobs.required(job_id), bill_of(job_id)
        assert (job.state, job.halt, job.reason) == ("paused", "money", "reached --max-cost 20.00 EUR")
        assert bill.total.money is not None
        assert 10 < bill.total.money < 20 + 2  # a call costs less than two Euros
        assert bill.total.calls == len(server.calls) == stored_calls()
        start(server.base_url, max_cost=30.0)
        run_here(job_id, concurrency=4)
        more = bill_of(job_id).total.money
        assert jobs.required(job_id).reason == "reached --max-cost 30.00 EUR"
        assert more is not None
        assert bill.total.money < more < 30 + 2  # a call costs less than two Euros


def test_replies_from_the_log_cost_no_call(sqlite: str) -> None:
    import_talks(4)
    with FakeServer() as server:
        run_here(start(server.base_url))
        calls = len(server.calls)
        again = start(server.base_url, "again", max_calls=1)
        run_here(again)
        assert (jobs.required(again).state, len(server.calls)) == ("done", calls)


def test_two_processes_stop_near_one_limit(sqlite: str) -> None:
    """Each has its own budget; beside each other they make at most what the other had under way more."""
    import_talks(TALKS)
    with FakeServer(latency_s=0.05) as server:
        job_id = start(server.base_url, max_calls=24, concurrency=2)

        async def both() -> None:
            async with process_resources() as first, process_resources() as second:
                await asyncio.gather(*(run_synthesis(job_id, shared=one, concurrency=2) for one in (first, second)))

        asyncio.run(both())
        assert jobs.required(job_id).reason == "reached --max-calls 24"
        assert 24 <= len(server.calls) <= 24 + 2 * 10  # two slots of the other, over a look of 0.2 s at 0.05 s a call
        assert stored_calls() == len(server.calls)
    assert items.counts(job_id).finished < TALKS


# --- what is refused --------------------------------------------------------------------------------------------------


def test_a_limit_in_money_needs_a_price_and_says_how_to_add_it(sqlite: str) -> None:
    import_talks(1)
    on = rf"{now().date()}`; a limit in money needs it"
    with pytest.raises(SettingsError, match=rf"prices set fake --base-url https://example.org/v1 .* --since {on}"):
        start("https://example.org/v1", max_cost=1.0)
    assert jobs.list_jobs(kind="synthesis") == []


@pytest.mark.parametrize("limit", [{"max_calls": 0}, {"max_cost": 0.0}, {"max_cost": float("inf")}])
def test_a_limit_that_lets_nothing_happen_is_refused(sqlite: str, limit: dict[str, Any]) -> None:
    import_talks(1)
    with pytest.raises(InputError, match="the most"):
        start("http://127.0.0.1:1/v1", **limit)
    assert jobs.list_jobs(kind="synthesis") == []
