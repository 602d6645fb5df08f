"""`synthesize` and `predict` as they are typed."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from db.jobs import jobs
from proutt_core.__main__ import app
from tests.fake_server import FakeServer, Fault
from tests.jobs.project import DATASET, import_talks, rows_of_run

KEYS = {
    "total",
    "done",
    "failed",
    "resumed",
    "clean",
    "gate_failures",
    "branches",
    "llm_calls",
    "cached_calls",
    "prompt_tokens",
    "cached_tokens",
    "completion_tokens",
    "unmetered_calls",
    "calls_without_schema",
    "cost",
    "currency",
    "state",
    "reason",
    "seconds",
}


def run(*words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, [*words, "--json"])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stdout, done.stderr


def run_plain(*words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, list(words))
    return done.exit_code, done.stdout, done.stderr


def synthesize(*words: str) -> dict[str, Any]:
    code, stdout, stderr = run("synthesize", "--dataset", DATASET, "--run", "r", *words)
    assert code == 0, stderr
    assert len(stdout.splitlines()) == 1
    result = json.loads(stdout)
    assert set(result) >= KEYS
    return dict(result)


def test_twenty_then_all_pays_only_for_what_is_new(database: str) -> None:
    import_talks(9)
    with FakeServer() as server:
        model = ("--model", "fake", "--base-url", server.base_url)
        first = synthesize(*model, "--limit", "4", "--concurrency", "2")
        assert (first["total"], first["done"] + first["failed"], first["resumed"]) == (4, 4, 0)
        assert first["llm_calls"] == len(server.calls)
        assert first["prompt_tokens"] > 0
        more = synthesize(*model)
        assert (more["total"], more["done"] + more["failed"], more["resumed"]) == (9, 9, 4)
        assert first["llm_calls"] + more["llm_calls"] == len(server.calls)
        again = synthesize(*model)
        assert (again["resumed"], again["llm_calls"], again["cached_calls"]) == (9, 0, 0)
    assert sum(again["branches"].values()) == again["done"]


def test_the_address_is_named_before_anything_is_sent(sqlite: str) -> None:
    import_talks(1)
    with FakeServer() as server:
        address = server.base_url.removesuffix("/v1")
        words = ("synthesize", "--dataset", DATASET, "--run", "r", "--model", "fake", "--base-url", server.base_url)
        _, _, stderr = run(*words)
    assert stderr.splitlines()[0] == f"Texts are sent to {address} (this machine)."


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--dataset", "none", "--run", "r"], "no dataset is named"),
        (["--dataset", DATASET, "--run", "r", "--seed", "2"], "seed is 0 there and 2 here"),
        (["--dataset", DATASET, "--run", "r", "--tau-high", "0.9"], "tau_high is 0.8 there and 0.9 here"),
        (["--dataset", DATASET, "--run", "x", "--tau-low", "0.9"], "0 <= tau_low <= tau_high <= 1 is needed; got"),
        (["--dataset", DATASET, "--run", "x", "--split", "test"], "the split is train or all; got 'test'"),
        (["--dataset", DATASET, "--run", "x", "--model", "gpt"], "names no model"),
        (["--dataset", DATASET, "--run", " "], "needs a name"),
        (["--dataset", DATASET, "--run", "x", "--pilot", "--limit", "3"], "--pilot is --limit 20: give one"),
        (["--dataset", DATASET, "--run", "x", "--retry-failed"], 'there is no run "x"'),
        (["--dataset", DATASET, "--run", "r", "--fresh"], 'the run "r" was not started with --fresh'),
        (["--dataset", DATASET, "--run", "x", "--without", "leaf"], "cannot leave out leaf; the parts are tree,"),
        (["--dataset", DATASET, "--run", "r", "--without", "tree"], "without is not set there and ['tree'] here"),
        (["--dataset", DATASET, "--run", "x", "--upstream", "u"], "rules runs in this process"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line(sqlite: str, words: list[str], message: str) -> None:
    import_talks(2)
    synthesize("--limit", "1")
    code, stdout, stderr = run("synthesize", *words)
    assert (code, stdout) == (1, "")
    assert message in stderr.splitlines()[-1]
    assert stderr.splitlines()[-1].startswith("error: ")
    assert len(jobs.list_jobs(kind="synthesis")) == 1


def test_a_wrong_key_ends_the_command_with_its_reason(sqlite: str) -> None:
    import_talks(2)
    with FakeServer(key="right") as server:
        words = ("synthesize", "--dataset", DATASET, "--run", "r", "--model", "fake", "--base-url", server.base_url)
        code, stdout, stderr = run(*words)
    assert (code, stdout) == (1, "")
    assert stderr.splitlines()[-1].startswith("error: r is failed: ")
    assert "key" in stderr.casefold()


def test_a_run_tells_what_it_cost_or_that_nobody_knows(sqlite: str) -> None:
    import_talks(3)
    with FakeServer(cached_tokens=50) as server:
        model = ("--model", "fake", "--base-url", server.base_url)
        words = ("--base-url", server.base_url, "--prompt", "10", "--cached", "1", "--completion", "20")
        assert run("prices", "set", "fake", *words, "--currency", "EUR")[0] == 0
        first = synthesize(*model, "--limit", "1")
        more = synthesize(*model)
    prompt, cached, completion = first["prompt_tokens"], first["cached_tokens"], first["completion_tokens"]
    assert cached == 50 * first["llm_calls"]
    assert first["cost"] == pytest.approx(((prompt - cached) * 10 + cached + completion * 20) / 1e6, abs=1e-6)
    assert (first["currency"], first["unmetered_calls"], first["state"]) == ("EUR", 0, "done")
    assert more["cost"] > first["cost"]  # of this command, not of the run


def test_a_limit_of_calls_ends_the_command_well_and_a_higher_one_goes_on(database: str) -> None:
    import_talks(4)
    with FakeServer() as server:
        model = ("--model", "fake", "--base-url", server.base_url)
        result = synthesize(*model, "--max-calls", "10")
        assert (result["state"], result["reason"], result["llm_calls"]) == ("paused", "reached --max-calls 10", 10)
        assert len(server.calls) == 10
        code, stdout, _ = run_plain("synthesize", "--dataset", DATASET, "--run", "r", *model, "--max-calls", "10")
        assert code == 0
        assert "paused: reached --max-calls 10; the same command with a higher limit goes on" in stdout
        assert synthesize(*model, "--max-calls", "1000")["state"] == "done"


def test_a_limit_of_money_needs_a_price(sqlite: str) -> None:
    import_talks(1)
    remote = ("--model", "m", "--base-url", "http://192.0.2.1/v1", "--yes", "--max-cost", "2")
    code, _, stderr = run("synthesize", "--dataset", DATASET, "--run", "r", *remote)
    assert code == 1
    assert "no price is known for m at http://192.0.2.1/v1 on " in stderr and ": add one with" in stderr
    assert jobs.list_jobs(kind="synthesis") == []


def test_an_estimate_starts_nothing_and_sends_nothing(sqlite: str) -> None:
    import_talks(3)
    with FakeServer() as server:
        words = ("synthesize", "--dataset", DATASET, "--run", "r", "--model", "fake", "--base-url", server.base_url)
        code, stdout, _ = run(*words, "--estimate")
        text = run_plain(*words, "--estimate", "--limit", "2")[1]
        assert server.calls == []
    assert code == 0
    estimate = json.loads(stdout)
    assert (estimate["items"], estimate["cost"]) == (3, {"low": 0, "likely": 0, "high": 0})
    assert estimate["llm_calls"] > 15
    assert sum(stage["llm_calls"] for stage in estimate["stages"].values()) == pytest.approx(
        estimate["llm_calls"], abs=1
    )
    assert "2 items to make" in text
    assert "cost: nothing: the model runs on this machine" in text
    assert jobs.list_jobs(kind="synthesis") == []


def test_a_pilot_is_twenty_and_the_same_name_goes_on(sqlite: str) -> None:
    import_talks(22)
    assert synthesize("--pilot")["total"] == 20
    again = synthesize()
    assert (again["total"], again["resumed"]) == (22, 20)


def test_failed_items_alone_are_tried_again(database: str) -> None:
    import_talks(6)
    with FakeServer() as server:
        server.faults = lambda call: Fault.INVALID if "SimilarityReply" in str(call.body["response_format"]) else None
        model = ("--model", "fake", "--base-url", server.base_url)
        assert synthesize(*model, "--limit", "2")["failed"] == 2
        server.faults = ()
        result = synthesize(*model, "--retry-failed")
        assert (result["total"], result["done"], result["failed"]) == (2, 2, 0)
        assert 0 < result["llm_calls"] <= 2 * 5  # similarity and what follows it; the rest is in the log
        assert synthesize(*model, "--retry-failed")["llm_calls"] == 0


def test_fresh_asks_anew_and_parts_can_be_left_out(sqlite: str) -> None:
    import_talks(2)
    with FakeServer() as server:
        model = ("--model", "fake", "--base-url", server.base_url)
        calls = synthesize(*model)["llm_calls"]
        words = ("synthesize", "--dataset", DATASET, *model)
        fresh = json.loads(run(*words, "--run", "anew", "--fresh")[1])
        assert (fresh["llm_calls"], fresh["cached_calls"]) == (calls, 0)
        assert run(*words, "--run", "anew")[0] == 0  # the flag is not needed again
        shorter = json.loads(run(*words, "--run", "shorter", "--without", "category", "--without", "revision")[1])
        assert shorter["done"] == 2
    assert jobs.find(kind="synthesis", name="shorter").settings["without"] == ["category", "revision"]  # type: ignore[union-attr]


REMOTE = ("--model", "m", "--base-url", "http://192.0.2.1/v1")


@pytest.mark.parametrize(
    "words",
    [
        ("synthesize", "--dataset", DATASET, "--run", "r"),
        ("predict", "--dataset", DATASET, "--method", "x"),
        ("judge", "--study", "s"),
    ],
    ids=["synthesize", "predict", "judge"],
)
def test_texts_leave_this_machine_only_when_somebody_says_so(sqlite: str, words: tuple[str, ...]) -> None:
    import_talks(1)
    code, stdout, stderr = run(*words, *REMOTE)
    assert (code, stdout) == (2, "")
    assert stderr.splitlines() == [
        "Texts are sent to http://192.0.2.1 (another machine).",
        "error: texts would leave this machine: give --yes where nobody can be asked",
    ]
    assert [job.kind for job in jobs.list_jobs()] == ["import"]


def test_yes_is_the_answer_where_nobody_can_be_asked(sqlite: str) -> None:
    code, _, stderr = run("synthesize", "--dataset", "none", "--run", "r", *REMOTE, "--yes")
    assert code == 1  # it went on, to the next thing that is wrong
    assert "no dataset is named" in stderr


@pytest.mark.parametrize(
    ("typed", "code", "message"), [("n\n", 1, "nothing was sent"), ("y\n", 1, "no dataset is named")]
)
def test_a_person_at_a_terminal_is_asked(sqlite: str, typed: str, code: int, message: str) -> None:
    mine, theirs = pty.openpty()
    words = [sys.executable, "-m", "proutt_core", "synthesize", "--dataset", "none", "--run", "r", *REMOTE]
    with subprocess.Popen(words, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as command:
        os.close(theirs)
        os.write(mine, typed.encode())
        said = command.communicate(timeout=60)[0].decode()
    os.close(mine)
    assert command.returncode == code
    assert "Texts are sent to http://192.0.2.1 (another machine)." in said
    assert "Send the dialogues there? [y/N]" in said
    assert message in said


def test_rules_make_clean_pairs_of_crosswoz(sqlite: str, shared_data: Path) -> None:
    source = str(shared_data / "crosswoz/val.json.zip")
    assert run("import", source, "--dataset", DATASET, "--limit", "60")[0] == 0
    counts = synthesize("--split", "all")
    assert (counts["total"], counts["failed"]) == (60, 0)
    assert counts["clean"] >= 0.95 * 60
    job = jobs.find(kind="synthesis", name="r")
    assert job is not None
    assert all(row["pair"] for row in rows_of_run(job.id))


def test_predictions_are_made_once(database: str) -> None:
    import_talks(6, split="0/0/100")
    words = ("predict", "--dataset", DATASET, "--method")
    code, stdout, _ = run(*words, "m", "--limit", "2")
    assert code == 0
    assert json.loads(stdout)["done"] == 2
    _, stdout, _ = run(*words, "m")
    counts = json.loads(stdout)
    assert (counts["total"], counts["done"], counts["resumed"]) == (6, 6, 2)
    _, stdout, _ = run(*words, "m")
    assert json.loads(stdout)["llm_calls"] == 0


def test_a_method_never_changes(sqlite: str) -> None:
    import_talks(2, split="0/0/100")
    words = ("predict", "--dataset", DATASET, "--method", "m")
    assert run(*words)[0] == 0
    code, _, stderr = run(*words, "--model", "rules", "--without-tree")
    assert code == 1
    assert "without_tree is False there and True here" in stderr
    code, _, stderr = run(*words, "--without-tree")  # also where the model is left to the method
    assert code == 1
    assert "without_tree is False there and True here" in stderr
    assert run(*words, "--split", "valid")[2].splitlines()[-1].startswith("error: the dataset has no samples")
