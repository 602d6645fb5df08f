"""Failed items with the raw replies behind them, and another try for some of them."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from sqlmodel import col, select

from db.accounts.events import recent
from db.engine import read, write
from db.jobs import items
from db.jobs.failed_items import failed_items
from db.tables import Job, SynthesisItem
from tests.calls import CALL, answered, store_for_item
from tests.db import work

REFUSED = answered(replace(CALL, problem="topics: Field required"), text='{"unexpected": true}')


@pytest.fixture
def run(database: str) -> int:
    """Four items; 1 and 2 failed in insight, 3 in revise."""
    job_id = work.finished_run(work.samples(4))
    with write() as session:
        for item in of_run(session.exec(select(SynthesisItem)).all())[1:]:
            item.state, item.branch = "failed", None
            item.failed_stage = "revise" if item.position == 3 else "insight"
            item.error = f"cut off after {item.position} tokens"
    return job_id


def of_run(items: Sequence[SynthesisItem]) -> list[SynthesisItem]:
    return sorted(items, key=lambda item: item.position)


def ids(job_id: int) -> list[int]:
    with read() as session:
        where = select(SynthesisItem.id).where(SynthesisItem.job_id == job_id).order_by(col(SynthesisItem.position))
        return [item_id for item_id in session.exec(where) if item_id is not None]


def test_a_failed_item_comes_with_the_calls_that_tell_why(run: int) -> None:
    done, first, second, _ = ids(run)
    good = replace(CALL, key="good", stage="intent_tree")
    # The schema had nothing against the last one, but the stage had.
    refused_by_stage = answered(replace(CALL, key="other", attempt=2), text='{"topics": []}')
    store_for_item(run, first, good, REFUSED, refused_by_stage)
    failures = failed_items(run, [done, first, second])
    assert [(item.position, item.dialogue, item.stage, item.reason) for item in failures] == [
        (1, "d0001", "insight", "cut off after 1 tokens"),
        (2, "d0002", "insight", "cut off after 2 tokens"),
    ]
    assert [item.calls for item in failures] == [(REFUSED, refused_by_stage), ()]


def test_items_of_another_run_are_not_among_them(run: int) -> None:
    other = work.finished_run(work.samples(1, name="others"), name="other")
    assert failed_items(other, ids(run)) == []


def test_every_failure_is_listed_where_no_limit_is_given(run: int) -> None:
    assert [failure.position for failure in items.failures(run, limit=2)] == [1, 2]
    assert [(f.position, f.stage) for f in items.failures(run, limit=None)] == [
        (1, "insight"),
        (2, "insight"),
        (3, "revise"),
    ]


def test_only_the_named_failures_are_tried_again(run: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(items, "ITEMS_NAMED", 1)  # so that two statements are needed
    person = work.person("res", "researcher")
    done, first, second, third = ids(run)
    assert items.retry_failed(run, item_ids=[done, first, second], user_id=person) == 2
    with read() as session:
        states = {item.id: item.state for item in session.exec(select(SynthesisItem))}
        assert session.get_one(Job, run).state == "queued"
    assert states == {done: "done", first: "waiting", second: "waiting", third: "failed"}
    event = recent(limit=1)[0]
    assert (event.user, event.kind, event.subject, event.detail) == ("res", "job.retry", 'run "run-1"', {"items": 2})


def test_no_name_means_all_of_them_and_an_empty_list_none(run: int) -> None:
    assert items.retry_failed(run, item_ids=[]) == 0
    assert items.retry_failed(run) == 3
