"""What a server refuses: one request too long or not allowed costs its item; a refusal of every call stops the job."""

from collections import Counter
from typing import Any

import pytest

from db.jobs import calls, items, jobs
from tests.fake_server import FakeServer, Fault
from tests.jobs.project import import_talks, queue_run, rows_of_run, run_here


def start(server: FakeServer, run: str = "r", **more: int) -> int:
    return queue_run(run=run, model="fake", base_url=server.base_url, **more).job_id


def tree_prompt_of_the_first_item() -> str:
    with FakeServer() as server:
        run_here(start(server, "first", limit=1))
    (prompt,) = {call.prompt for call in server.calls if "IntentTreeReply" in str(call.body["response_format"])}
    return prompt


@pytest.mark.parametrize(
    ("fault", "reason"), [(Fault.TOO_LONG, "context length"), (Fault.FLAGGED, "refuses the content")]
)
def test_a_refusal_of_one_dialogue_fails_its_item_and_the_job_goes_on(database: str, fault: Fault, reason: str) -> None:
    import_talks(8)
    refused = tree_prompt_of_the_first_item()
    with FakeServer(faults=lambda call: fault if call.prompt == refused else None) as server:
        job_id = start(server)
        run_here(job_id, concurrency=3)
    assert jobs.required(job_id).state == "done"
    assert items.counts(job_id) == items.ItemCounts(done=7, failed=1)
    (failure,) = items.failures(job_id)
    assert failure.stage == "intent_tree"
    assert reason in failure.reason
    # Asked once, logged as what it was, and no later call lost its schema over it.
    assert Counter(call.prompt for call in server.calls)[refused] == 1
    assert {call.format for call in server.calls} == {"json_schema"}
    (logged,) = [
        call for call in calls.of_item(kind="synthesis", item_id=failure.item_id) if call.stage == "intent_tree"
    ]
    assert (logged.valid, logged.problem) == (False, failure.reason)


def test_a_dialogue_that_was_refused_is_not_paid_for_again_by_the_others_resume(sqlite: str) -> None:
    import_talks(4)
    refused = tree_prompt_of_the_first_item()
    with FakeServer(faults=lambda call: Fault.TOO_LONG if call.prompt == refused else None) as server:
        job_id = start(server)
        run_here(job_id)
        calls, rows = len(server.calls), rows_of_run(job_id)
        start(server)
        run_here(job_id)
    assert len(server.calls) == calls
    assert rows_of_run(job_id) == rows


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"key": "right"}, "wants a key"),
        ({"models": ["other"]}, "has no model fake"),
        ({"faults": [Fault.NO_CREDIT] * 99}, "no credit"),
        ({"faults": [Fault.NO_MODEL_400] * 99}, "has no model fake"),
        ({"faults": [Fault.ARREARS_400] * 99}, "no credit"),
    ],
    ids=["key", "model", "credit", "model as 400", "arrears as 400"],
)
def test_a_refusal_of_every_call_stops_the_job_and_fails_no_item(
    sqlite: str, settings: dict[str, Any], reason: str
) -> None:
    import_talks(6)
    with FakeServer(**settings) as server:
        job_id = start(server)
        run_here(job_id, concurrency=2)
    job = jobs.required(job_id)
    assert job.state == "failed"
    assert reason in job.reason
    assert items.counts(job_id) == items.ItemCounts(waiting=6)
