"""`runs`, `pause`, `resume` and `cancel` as they are typed."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from db.jobs import jobs
from proutt_core.__main__ import app
from tests.fake_server import FakeServer
from tests.jobs.project import import_talks, queue_run, run_here


def run(*words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, list(words))
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stdout, done.stderr


def listed() -> list[dict[str, Any]]:
    code, stdout, _ = run("runs", "--json")
    assert code == 0
    return list(json.loads(stdout)["runs"])


def test_runs_are_listed_with_state_counts_and_cost(database: str) -> None:
    assert run("runs")[1] == "there are no runs yet\n"
    import_talks(3)
    with FakeServer() as server:
        words = ("--prompt", "10", "--completion", "20", "--currency", "EUR")
        assert run("prices", "set", "fake", "--base-url", server.base_url, *words)[0] == 0
        done = queue_run(run="done", model="fake", base_url=server.base_url)
        run_here(done.job_id)
        calls = len(server.calls)
    queue_run(run="waiting", limit=2)
    first, second = listed()
    assert (first["name"], first["state"], first["total"], first["done"], first["cost"]) == (
        "waiting",
        "queued",
        2,
        0,
        0,
    )
    assert (second["name"], second["state"], second["total"], second["currency"]) == ("done", "done", 3, "EUR")
    assert second["done"] + second["failed"] == 3
    assert second["llm_calls"] == calls
    assert second["cost"] > 0
    waiting, finished = run("runs")[1].splitlines()
    assert "cost free" in waiting
    assert finished.endswith(" EUR")


def test_an_unknown_price_is_no_cost_of_nothing(sqlite: str) -> None:
    import_talks(1)
    queue_run(run="r", model="m", base_url="https://example.org/v1")
    assert listed()[0]["cost"] is None
    assert "cost unknown" in run("runs")[1]


def test_a_run_is_paused_resumed_with_new_limits_and_cancelled(database: str) -> None:
    import_talks(1)
    queue_run(run="r", max_calls=5)
    states = []
    for words in (("pause", "r"), ("resume", "r", "--max-calls", "50"), ("cancel", "r")):
        code, _, stderr = run(*words)
        assert code == 0, stderr
        states.append((listed()[0]["state"], listed()[0]["halt"]))
    assert states == [("paused", "person"), ("queued", ""), ("cancelled", "person")]
    job = jobs.find(kind="synthesis", name="r")
    assert job is not None
    assert (job.max_calls, job.max_cost, job.reason) == (50, None, "cancelled on the command line")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("pause", "none"), 'no run is named "none"; there are: r'),
        (("resume", "r"), "is queued and cannot become queued"),
        (("resume", "r", "--max-calls", "0"), "the most calls must be at least 1"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line(sqlite: str, words: tuple[str, ...], message: str) -> None:
    import_talks(1)
    queue_run(run="r")
    code, stdout, stderr = run(*words)
    assert (code, stdout) == (1, "")
    assert message in stderr
