"""`synthesize` and `predict` as they are typed."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from db import jobs
from proutt_core.__main__ import app
from tests.fake_server import FakeServer
from tests.worker.project import DATASET, import_talks, rows_of_run

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
    "completion_tokens",
    "seconds",
}


def run(*words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, [*words, "--json"])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stdout, done.stderr


def synthesize(*words: str) -> dict[str, int]:
    code, stdout, stderr = run("synthesize", "--dataset", DATASET, "--run", "r", *words)
    assert code == 0, stderr
    assert len(stdout.splitlines()) == 1
    found = json.loads(stdout)
    assert set(found) >= KEYS
    return dict(found)


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
    assert sum(again["branches"].values()) == again["done"]  # type: ignore[attr-defined]


def test_the_address_is_named_before_anything_is_sent(sqlite: str) -> None:
    import_talks(1)
    with FakeServer() as server:
        address = server.base_url.removesuffix("/v1")
        words = ("synthesize", "--dataset", DATASET, "--run", "r", "--model", "fake", "--base-url", server.base_url)
        _, _, stderr = run(*words)
    assert stderr.splitlines()[0] == f"Texts are sent to {address} (this machine)."


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--dataset", "none", "--run", "r"], "no dataset is named"),
        (["--dataset", DATASET, "--run", "r", "--seed", "2"], "seed is 0 there and 2 here"),
        (["--dataset", DATASET, "--run", "r", "--tau-high", "0.9"], "tau_high is 0.8 there and 0.9 here"),
        (["--dataset", DATASET, "--run", "x", "--tau-low", "0.9"], "--tau-low <= --tau-high"),
        (["--dataset", DATASET, "--run", "x", "--split", "test"], "--split is train or all"),
        (["--dataset", DATASET, "--run", "x", "--model", "gpt"], "names no model"),
        (["--dataset", DATASET, "--run", " "], "needs a name"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line(sqlite: str, words: list[str], told: str) -> None:
    import_talks(2)
    synthesize("--limit", "1")
    code, stdout, stderr = run("synthesize", *words)
    assert (code, stdout) == (1, "")
    assert told in stderr.splitlines()[-1]
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


def test_rules_make_clean_pairs_of_crosswoz(sqlite: str, shared_data: Path) -> None:
    source = str(shared_data / "crosswoz/val.json.zip")
    assert run("import", source, "--dataset", DATASET, "--limit", "60")[0] == 0
    found = synthesize("--split", "all")
    assert (found["total"], found["failed"]) == (60, 0)
    assert found["clean"] >= 0.95 * 60
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
    found = json.loads(stdout)
    assert (found["total"], found["done"], found["resumed"]) == (6, 6, 2)
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
