"""A prompt that never gets an answer costs its own item; a server that is down pauses the job and costs none."""

import json
from collections.abc import Callable, Collection
from typing import Any

import pytest

from db.jobs import calls, items, jobs
from proutt_core.actions.prediction import prompted_method, start_prediction
from proutt_core.actions.sample import sample_path
from proutt_core.jobs import probe
from proutt_core.jobs.bills import bill_of
from proutt_core.jobs.kinds.prediction import run_prediction
from proutt_core.llm.providers.model_ref import ModelRef
from proutt_core.traces.as_text import render_trace
from tests.example_traces import a_trace
from tests.fake_server import Call, FakeServer, Fault
from tests.jobs.project import DATASET, import_talks, queue_run, run_here

NEVER_ANSWERED = [
    Fault.NO_CHOICES,
    Fault.ERROR_500,
    Fault.ERROR_503,
    Fault.RATE_LIMIT,
    Fault.RESET,
    Fault.HANG,
    Fault.BROKEN_BODY,
    Fault.ERROR_INSIDE,
]
Faults = Callable[[Call], Fault | None]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, sqlite: str) -> None:
    monkeypatch.setattr("proutt_core.llm.openai.retry.Backoff.wait_s", lambda *_args, **_named: 0.0)
    monkeypatch.setattr("proutt_core.jobs.run_items.POLL_S", 0.02)
    monkeypatch.setenv("PROUTT_DEADLINE_S", "0.2")


def start(server: FakeServer, run: str = "r", **more: Any) -> int:
    return queue_run(run=run, model="fake", base_url=server.base_url, **more).job_id


def first_words(dialogue: int) -> str:
    """How the dialogue begins: in every prompt about it, in no other."""
    with sample_path().open(encoding="utf-8") as lines:
        row = [json.loads(line) for line in lines][dialogue]
    return str(row["messages"][0]["content"])


def never_answered(fault: Fault, *dialogues: int) -> Faults:
    words = [first_words(dialogue) for dialogue in dialogues]

    def faults(call: Call) -> Fault | None:
        text = "\n".join(message["content"] for message in call.body["messages"])
        return fault if any(begin in text for begin in words) else None

    return faults


def is_probe(call: Call) -> bool:
    return bool(call.body["messages"][0]["content"] == probe.QUESTION.messages[0].content)


def is_of_stage(call: Call, stage: str) -> bool:
    return stage in str(call.body["response_format"]["json_schema"]["name"]) and not is_probe(call)


def none_but_probes(call: Call) -> Fault | None:
    return None if is_probe(call) else Fault.NO_CHOICES


@pytest.mark.parametrize("fault", NEVER_ANSWERED)
def test_a_prompt_that_is_never_answered_fails_alone(fault: Fault) -> None:
    import_talks(5)
    with FakeServer(faults=never_answered(fault, 3)) as server:
        job_id = start(server)
        run_here(job_id)
    assert jobs.required(job_id).state == "done"
    assert items.counts(job_id) == items.ItemCounts(done=4, failed=1)


@pytest.mark.parametrize(
    ("dialogues", "bad", "concurrency"),
    [
        (1, (0,), 1),
        (3, (0, 1), 1),
        (3, (0, 1), 4),
        (6, (5,), 1),
        (9, (0, 1, 2, 3, 4, 5), 1),
        (9, (3, 4, 5, 6, 7, 8), 4),
    ],
    ids=["the only one", "two of three", "two of three at once", "the last", "six at the start", "six at the end"],
)
def test_prompts_that_are_never_answered_fail_wherever_they_stand(
    dialogues: int, bad: Collection[int], concurrency: int
) -> None:
    import_talks(dialogues)
    with FakeServer(faults=never_answered(Fault.NO_CHOICES, *bad)) as server:
        job_id = start(server)
        run_here(job_id, concurrency=concurrency)
    assert jobs.required(job_id).state == "done"
    assert items.counts(job_id) == items.ItemCounts(done=dialogues - len(bad), failed=len(bad))


def test_an_item_whose_earlier_stages_come_from_the_log_fails_alone_too() -> None:
    import_talks(1)
    with FakeServer(faults=lambda call: Fault.NO_CHOICES if is_of_stage(call, "Similarity") else None) as server:
        for run in ("first", "second"):
            job_id = start(server, run)
            run_here(job_id)
            assert jobs.required(job_id).state == "done"
            assert [failure.stage for failure in items.failures(job_id)] == ["similarity"]


def test_an_item_that_failed_so_is_not_paid_for_again_by_a_resume() -> None:
    import_talks(3)
    with FakeServer(faults=never_answered(Fault.NO_CHOICES, 1)) as server:
        job_id = start(server, limit=2)
        run_here(job_id)
        before = len(server.calls)
        start(server)
        run_here(job_id)
        again = server.calls[before:]
    assert items.counts(job_id) == items.ItemCounts(done=2, failed=1)
    assert not [call for call in again if first_words(1) in str(call.body)]


@pytest.mark.parametrize(
    ("fault", "dialogues"), [(Fault.ERROR_503, 1), (Fault.NO_CHOICES, 2), (Fault.RESET, 6), (Fault.HANG, 6)]
)
def test_a_server_that_answers_nothing_pauses_the_run_and_a_resume_makes_it_whole(fault: Fault, dialogues: int) -> None:
    import_talks(dialogues)
    with FakeServer(faults=lambda call: fault) as server:
        job_id = start(server)
        run_here(job_id, concurrency=8)
        job = jobs.required(job_id)
        assert (job.state, job.halt) == ("paused", "server")
        assert "got no answer, nor did a test question: " in job.reason
        assert items.counts(job_id) == items.ItemCounts(waiting=dialogues)
        assert len(server.calls) <= 200
        server.faults = ()
        jobs.resume(job_id)
        run_here(job_id)
    assert items.counts(job_id) == items.ItemCounts(done=dialogues)


def test_a_server_that_ends_in_the_middle_pauses_the_run() -> None:
    import_talks(9)
    with FakeServer(faults=lambda call: Fault.ERROR_503 if call.index >= 20 else None) as server:
        job_id = start(server)
        run_here(job_id, concurrency=2)
    assert (jobs.required(job_id).state, items.counts(job_id).failed) == ("paused", 0)


def test_a_server_that_answers_test_questions_only_costs_five_items_and_a_resume_goes_on() -> None:
    import_talks(8)
    with FakeServer(faults=none_but_probes) as server:
        job_id = start(server)
        run_here(job_id, concurrency=1)
        job = jobs.required(job_id)
        assert job.state == "paused"
        assert job.reason.startswith("5 items in a row got no answer and failed, although a test question got one: ")
        assert items.counts(job_id) == items.ItemCounts(failed=5, waiting=3)
        jobs.resume(job_id)
        run_here(job_id, concurrency=1)
        assert items.counts(job_id) == items.ItemCounts(failed=8)
        assert jobs.required(job_id).state == "done"
        server.faults = ()
        items.retry_failed(job_id)
        run_here(job_id)
    assert items.counts(job_id) == items.ItemCounts(done=8)


def test_a_test_question_that_is_refused_shows_that_the_server_is_there() -> None:
    import_talks(1)
    with FakeServer(faults=lambda call: Fault.FLAGGED if is_probe(call) else Fault.NO_CHOICES) as server:
        job_id = start(server)
        run_here(job_id)
    assert items.counts(job_id) == items.ItemCounts(failed=1)


def test_a_test_question_whose_answer_cannot_be_used_shows_that_the_server_is_there() -> None:
    def ill(call: Call) -> tuple[int, dict[str, Any]] | None:
        body = {"choices": [{"message": {"content": "{}"}}], "usage": {"prompt_tokens": 10**30}}
        return (200, body) if is_probe(call) else None

    import_talks(1)
    with FakeServer(faults=lambda call: Fault.NO_CHOICES, error=ill) as server:
        job_id = start(server)
        run_here(job_id)
    assert items.counts(job_id) == items.ItemCounts(failed=1)


def test_a_test_question_that_tells_of_an_empty_account_stops_the_job_and_fails_no_item() -> None:
    import_talks(2)
    with FakeServer(faults=lambda call: Fault.NO_CREDIT if is_probe(call) else Fault.NO_CHOICES) as server:
        job_id = start(server)
        run_here(job_id)
    assert "no credit" in jobs.required(job_id).reason
    assert items.counts(job_id) == items.ItemCounts(waiting=2)


def test_a_test_question_is_billed_and_logged_and_answers_no_later_one() -> None:
    import_talks(1)
    with FakeServer(faults=none_but_probes) as server:
        job_id = start(server)
        run_here(job_id)
        other = start(server, "other")
        run_here(other)
        assert len([call for call in server.calls if is_probe(call)]) == 2
        assert {call.format for call in server.calls} == {"json_schema"}
    (failure,) = items.failures(job_id)
    (logged,) = [c for c in calls.of_item(kind="synthesis", item_id=failure.item_id) if c.stage == probe.STAGE]
    assert (logged.valid, logged.problem) == (False, probe.ANSWERED)
    assert bill_of(job_id).total.completion_tokens > 0


def test_a_test_question_counts_among_the_calls_allowed() -> None:
    import_talks(1)
    with FakeServer(faults=none_but_probes) as server:
        job_id = start(server, max_calls=6)  # two at the start, three times
        run_here(job_id)
        assert not [call for call in server.calls if is_probe(call)]
    assert jobs.required(job_id).halt == "calls"


def test_a_prediction_that_is_never_answered_fails_alone() -> None:
    import_talks(3, split="0/0/100")
    with FakeServer(faults=never_answered(Fault.ERROR_500, 2), content=lambda call: render_trace(a_trace())) as server:
        method = prompted_method(name="m", model=ModelRef("fake", base_url=server.base_url))
        job_id = start_prediction(dataset=DATASET, method=method).job_id
        run_here(job_id, work=run_prediction)
    assert jobs.required(job_id).state == "done"
    assert items.counts(job_id) == items.ItemCounts(done=2, failed=1)


ILL: dict[str, dict[str, Any]] = {
    "a count beyond any column": {"choices": [{"message": {"content": "{}"}}], "usage": {"prompt_tokens": 2**63}},
    "a name with NUL": {"choices": [{"message": {"content": "{}"}}], "model": "m\x00"},
    "a name with half a character": {"choices": [{"message": {"content": "{}"}}], "provider": "p\ud800"},
    "a text without measure": {"choices": [{"message": {"content": "x" * 2_000_000}}]},
    "a body without measure": {"choices": [{"message": {"content": "x" * 9_000_000}}]},
}


@pytest.mark.parametrize("body", ILL.values(), ids=ILL)
def test_a_reply_that_means_ill_fails_its_item_and_not_the_run(body: dict[str, Any]) -> None:
    is_struck = never_answered(Fault.NO_CHOICES, 1)
    import_talks(7)
    with FakeServer(error=lambda call: (200, body) if is_struck(call) else None) as server:
        job_id = start(server)
        run_here(job_id)
    assert jobs.required(job_id).state == "done"
    assert items.counts(job_id) == items.ItemCounts(done=6, failed=1)
    (failure,) = items.failures(job_id)
    assert "cannot be used" in failure.reason and failure.reason.isprintable()


@pytest.mark.parametrize("body", ILL.values(), ids=ILL)
def test_replies_that_all_mean_ill_fail_every_item_and_end_the_run(body: dict[str, Any]) -> None:
    import_talks(7)
    with FakeServer(error=lambda call: (200, body)) as server:
        job_id = start(server)
        run_here(job_id)
    assert jobs.required(job_id).state == "done"
    assert items.counts(job_id) == items.ItemCounts(failed=7)


def test_a_server_that_never_answers_in_a_known_shape_fails_the_run_in_its_words() -> None:
    import_talks(7)
    with FakeServer(error=lambda call: (200, {"weather": "fine"})) as server:
        job_id = start(server)
        run_here(job_id)
    assert jobs.required(job_id).state == "failed"
    assert '{"weather": "fine"}' in jobs.required(job_id).reason
