"""An estimate beside the run that follows it, over HTTP."""

from datetime import date
from typing import Any

import pytest
from sqlmodel import col, select

from db.columns import row_id
from db.engine import write
from db.jobs import jobs
from db.jobs.prices import Price, set_price
from db.tables import Assignment, PairReview, QueueItem
from proutt_core.actions.forecast import forecast_run
from proutt_core.errors import InputError, SettingsError
from proutt_core.jobs.bills import bill_of
from proutt_core.runs.bill import Bill
from proutt_core.runs.forecast import Forecast
from proutt_core.types import Thresholds
from tests.db.work import finished_run, open_queues, person, samples
from tests.fake_server import FakeServer
from tests.jobs.project import import_talks, queue_run, run_here, run_request

TALKS = 40


def expect(address: str, **more: Any) -> Forecast:
    return forecast_run(run_request(more.pop("run", ""), model="fake", base_url=address, **more))


def run(address: str, name: str = "r", **more: Any) -> Bill:
    started = queue_run(run=name, model="fake", base_url=address, **more)
    run_here(started.job_id, concurrency=8)
    assert jobs.required(started.job_id).state == "done"
    return bill_of(started.job_id)


def price(address: str) -> None:
    row = Price(
        address=address,
        model="fake",
        since=date(2020, 1, 1),
        currency="EUR",
        prompt=10.0,
        cached=2.0,
        completion=40.0,
    )
    set_price(row)


def test_before_anything_is_known_calls_are_right_within_a_quarter_and_prompts_within_a_third(sqlite: str) -> None:
    import_talks(TALKS)
    with FakeServer() as server:
        expected = expect(server.base_url)
        assert server.calls == []  # nothing was asked
        assert jobs.list_jobs(kind="synthesis") == []  # nothing was started
        bill = run(server.base_url)
    assert expected.items == TALKS
    assert expected.calls == pytest.approx(bill.total.calls, rel=0.25)
    assert expected.prompt_tokens == pytest.approx(bill.total.prompt_tokens, rel=0.33)
    assert {stage.stage for stage in expected.stages} == {stage.stage for stage in bill.stages}


def test_after_a_pilot_the_rest_is_right_within_a_sixth_and_its_cost_in_the_range(database: str) -> None:
    import_talks(TALKS)
    with FakeServer(latency_s=0.02, cached_tokens=200) as server:
        price(server.base_url)
        pilot = run(server.base_url, limit=20)
        expected = expect(server.base_url, run="r", concurrency=8)
        whole = run(server.base_url)
    assert expected.items == TALKS - 20
    assert expected.calls == pytest.approx(whole.total.calls - pilot.total.calls, rel=1 / 6)
    assert expected.prompt_tokens == pytest.approx(whole.total.prompt_tokens - pilot.total.prompt_tokens, rel=1 / 6)
    assert expected.cached_tokens == pytest.approx(whole.total.cached_tokens - pilot.total.cached_tokens, rel=1 / 6)
    rest = whole.total.completion_tokens - pilot.total.completion_tokens
    assert expected.completion_tokens == pytest.approx(rest, rel=1 / 6)
    assert expected.money is not None
    assert whole.total.money is not None
    assert pilot.total.money is not None
    paid = whole.total.money - pilot.total.money
    assert expected.money.low <= paid <= expected.money.high
    assert expected.money.likely == pytest.approx(paid, rel=1 / 6)
    assert expected.currency == "EUR"
    assert expected.seconds >= expected.calls * 0.02 / 8  # what the server takes, at least


def test_a_finished_run_needs_nothing_more(sqlite: str) -> None:
    import_talks(4)
    with FakeServer() as server:
        run(server.base_url)
        expected = expect(server.base_url, run="r")
    assert (expected.items, expected.calls, expected.prompt_tokens) == (0, 0, 0)


def test_other_thresholds_cost_the_missing_revisions_only(sqlite: str) -> None:
    import_talks(TALKS)
    other = Thresholds(tau_high=1.0, tau_low=0.0)  # everything goes the middle way
    with FakeServer() as server:
        run(server.base_url)
        expected = expect(server.base_url, thresholds=other)
        bill = run(server.base_url, "other", thresholds=other)
    assert expected.items == TALKS
    called = {stage.stage: stage.calls for stage in bill.stages if stage.calls}
    assert {stage.stage for stage in expected.stages if stage.calls} == set(called)
    assert expected.calls == pytest.approx(bill.total.calls, rel=0.2)
    assert f"{TALKS} items are in the call log already" in " ".join(expected.assumptions)


@pytest.mark.parametrize("change", [{"fresh": True}, {"without": ("category",)}, {"given": {"top_k": 1}}])
def test_other_questions_are_not_answered_by_the_log(sqlite: str, change: dict[str, Any]) -> None:
    import_talks(4)
    with FakeServer() as server:
        run(server.base_url)
        expected = expect(server.base_url, **change)
        bill = run(server.base_url, "other", **change)
    assert expected.calls > 20
    assert bill.total.calls > 20


def test_a_part_left_out_is_not_asked_for(sqlite: str) -> None:
    import_talks(6)
    with FakeServer() as server:
        expected = expect(server.base_url, without=("category",))
        bill = run(server.base_url, without=("category",))
    assert {stage.stage for stage in expected.stages} == {stage.stage for stage in bill.stages}
    assert expected.calls == pytest.approx(bill.total.calls, rel=0.3)


def test_no_key_and_no_price_are_needed(sqlite: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import_talks(3)
    monkeypatch.delenv("ZHIPUAI_API_KEY", raising=False)
    expected = forecast_run(run_request("", model="zhipu/glm-4.6"))
    assert expected.money is None
    assert expected.price_note.startswith("no price is known for glm-4.6")
    assert any("schema is part of every prompt" in told for told in expected.assumptions)


def test_the_baseline_costs_nothing(sqlite: str) -> None:
    import_talks(3)
    expected = forecast_run(run_request(""))
    assert expected.money is not None
    assert (expected.money.high, expected.currency) == (0.0, "")
    assert expected.seconds < 2


def review(seconds: list[float]) -> None:
    """Reviews of as many pairs, which took so long."""
    job_id = finished_run(samples(len(seconds)))
    open_queues(job_id)
    user_id = person("annotator", "annotator")
    with write() as session:
        items = session.exec(select(QueueItem).where(col(QueueItem.pair_id).is_not(None))).all()
        for item, took in zip(items, seconds, strict=True):
            assignment = Assignment(
                queue_item_id=row_id(item.id), queue_id=item.queue_id, user_id=user_id, state="done"
            )
            session.add(assignment)
            session.flush()
            session.add(PairReview(assignment_id=row_id(assignment.id), answer="approve", seconds=took))


def test_reviewing_takes_what_it_took(database: str) -> None:
    import_talks(30)
    review([120.0] * 12 + [10.0] * 4 + [5_000.0] * 4)  # the median of 20; who went for lunch does not count
    expected = forecast_run(run_request(""))
    assert expected.reviewing_hours == 1.0
    assert any("2.0 minutes a pair, the median of 20 reviews" in told for told in expected.assumptions)


def test_without_enough_reviews_a_pair_takes_a_minute(sqlite: str) -> None:
    import_talks(30)
    review([120.0] * 19)
    expected = forecast_run(run_request(""))
    assert expected.reviewing_hours == 0.5
    assert any("1 minute a pair (assumed" in told for told in expected.assumptions)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"dataset": "none"}, InputError, "no dataset is named"),
        ({"model": "nothing"}, SettingsError, "no preset"),
        ({"model": "zhipu/"}, InputError, "name the model"),
        ({"concurrency": 0}, InputError, "at least 1"),
        ({"model": "fake", "base_url": "ftp://x"}, SettingsError, "is not a base URL"),
    ],
)
def test_what_cannot_be_estimated_is_told(
    sqlite: str, changes: dict[str, Any], error: type[Exception], message: str
) -> None:
    import_talks(1)
    with pytest.raises(error, match=message):
        forecast_run(run_request("", **changes))
