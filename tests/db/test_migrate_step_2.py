"""A database of step 2 opens in this version: all rows are kept, runs resume for what they lack, exports are alike."""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url
from typer.testing import CliRunner

import db.engine
from db.engine import engine
from db.migrate import migrate
from db.review.queues import claim_next
from db.studies.comparisons import save_judgement
from proutt_core.__main__ import app
from tests.db.step_2_dump import (
    ADDRESS,
    answered_prompts,
    copy_to_postgres,
    load_dump,
    rows_of,
    served,
    stored_bytes,
    write_talks,
)
from tests.db.test_migrate_step_1 import everything, reflected
from tests.jobs.kinds.imported_rows import stored

ON_SQLITE = pytest.mark.parametrize("empty_database", ["sqlite"], indirect=True)

SERVED = ("--model", "fake", "--base-url", ADDRESS)
START = ("synthesize", "--dataset", "sample", "--run")
HALF = (*START, "half", *SERVED, "--seed", "4", "--concurrency", "6")
HALF_ITEMS = 9

EXPORTS: Mapping[str, Sequence[str]] = {
    "approved.jsonl": ("preference", "--run", "sample", "--status", "approved", "--format", "trl"),
    "clean.json": ("sft", "--run", "sample", "--status", "clean", "--format", "llamafactory"),
    "ids.jsonl": ("preference", "--run", "sample", "--status", "approved", "--format", "ids"),
    "half_so_far.jsonl": ("preference", "--run", "half", "--status", "all", "--format", "trl"),
    "shorter.jsonl": ("sft", "--run", "shorter", "--status", "all", "--format", "trl"),
    "licence_forbids.jsonl": ("preference", "--run", "doubled", "--status", "all", "--format", "trl"),
    "released.jsonl": ("preference", "--dataset", "released", "--status", "approved", "--format", "trl"),
}

SHORTER = ("--without", "category", "--without", "revision", "--tau-low", "0.2", "--seed", "5", "--split", "all")
ELSEWHERE = ("--model", "m", "--base-url", "http://192.0.2.1/v1", "--yes")
# Every run of the sample project's dialogues: the words that started it, and its higher threshold, left out there.
RUNS: Mapping[str, tuple[Sequence[str], float]] = {
    "sample": ((), 0.8),
    "half": ((*SERVED, "--seed", "4", "--limit", str(HALF_ITEMS)), 0.8),
    "fresh": ((*SERVED, "--seed", "4", "--limit", "2", "--fresh"), 0.8),
    "money": (("--model", "dear", "--base-url", ADDRESS, "--limit", "3"), 0.8),
    "refused": (("--model", "other", "--base-url", ADDRESS, "--limit", "2"), 0.8),
    "server": (("--model", "fake", "--base-url", "http://127.83.51.7:9/v1", "--limit", "3"), 0.8),
    "price": ((*ELSEWHERE, "--limit", "2"), 0.8),
    "upstream": (("--model", "openrouter/z-ai/glm-4.6", "--upstream", "deepinfra/fp4", "--yes", "--limit", "2"), 0.8),
    "shorter": ((*SHORTER, "--limit", "3"), 0.9),
    "again": (("--tau-low", "0.5"), 0.6),
    "by-page": (("--limit", "2"), 0.8),
    "by-command": (("--limit", "2"), 0.8),
    "by-ctrl-c": (("--limit", "2"), 0.8),
    "cancelled-by-page": (("--limit", "2"), 0.8),
    "cancelled-by-command": (("--limit", "2"), 0.8),
    "queued": (("--limit", "2"), 0.8),
    "running": (("--limit", "2"), 0.8),
}
NEED_A_SERVER = {"half", "money", "refused", "server", "price", "upstream"}


@pytest.fixture(scope="session")
def dump(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """To be copied."""
    path = tmp_path_factory.mktemp("step_2") / "step_2.db"
    load_dump(path)
    return path


@pytest.fixture
def step_2(empty_database: str, dump: Path, tmp_path: Path) -> dict[str, sa.Table]:
    """The dump on SQLite or on PostgreSQL, not migrated; its tables as they are before that."""
    url = make_url(empty_database)
    if url.get_backend_name() == "sqlite":
        shutil.copy(dump, str(url.database))
    else:
        copy_to_postgres(dump, migrations=tmp_path / "migrations")
    return reflected()


@pytest.fixture
def opened(step_2: dict[str, sa.Table]) -> dict[str, sa.Table]:
    """The same, migrated."""
    migrate()
    db.engine.dispose()
    return step_2


def command(*words: str) -> dict[str, Any]:
    done = CliRunner().invoke(app, [*words, "--json"])
    assert done.exit_code == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def refusal(*words: str) -> str:
    done = CliRunner().invoke(app, [*words, "--json"])
    assert (done.exit_code, done.stdout) == (1, "")
    return done.stderr.splitlines()[-1]


def test_every_row_is_kept(step_2: dict[str, sa.Table]) -> None:
    before = everything(step_2)
    assert all(before.values()), "every table of step 2 holds something"
    migrate()
    db.engine.dispose()
    assert everything(step_2) == before


def test_a_half_done_run_asks_for_what_it_lacks_and_for_nothing_else(
    opened: dict[str, sa.Table], tmp_path: Path
) -> None:
    undisturbed = json.loads(stored_bytes("half.json"))
    calls = {"llm_call": opened["llm_call"]}
    before = everything(calls)["llm_call"]
    assert answered_prompts(opened["llm_call"]).isdisjoint(undisturbed["replies"])
    with served(undisturbed["replies"]) as server:
        end = command(*HALF, "--limit", str(HALF_ITEMS), "--max-calls", "1000")
    assert sorted(call.prompt for call in server.calls) == sorted(undisturbed["replies"])
    assert (end["state"], end["done"], end["failed"], end["resumed"]) == ("done", HALF_ITEMS - 1, 1, 5)
    after = everything(calls)["llm_call"]
    assert (after[: len(before)], len(after)) == (before, len(before) + len(undisturbed["replies"]))
    with engine().connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM llm_call WHERE superseded").scalar() == 0
    assert rows_of("half") == undisturbed["rows"]
    out = tmp_path / "half.jsonl"
    command("export", "preference", "--run", "half", "--status", "all", "--out", str(out))
    assert out.read_bytes() == stored_bytes("half.jsonl")


def test_exports_are_the_same_bytes(opened: dict[str, sa.Table], tmp_path: Path) -> None:
    for name, words in EXPORTS.items():
        command("export", *words, "--out", str(tmp_path / name))
    assert {path.name: path.read_bytes() == stored_bytes(path.name) for path in tmp_path.glob("*.json*")} == (
        dict.fromkeys([*EXPORTS, "dataset_info.json"], True)
    )


def test_runs_and_the_results_of_a_closed_study_are_shown_as_they_were(opened: dict[str, sa.Table]) -> None:
    then = json.loads(stored_bytes("shown.json"))
    runs = command("runs")["runs"]
    assert [{key: run[key] for key in was} for run, was in zip(runs, then["runs"], strict=True)] == then["runs"]
    assert "withheld" in refusal("study", "results", "sample")
    assert "withheld" in refusal("study", "results", "check"), "people still judge the same dialogues in the other one"
    command("study", "close", "sample", "--reason", "the other study is over")
    assert command("study", "results", "check") == then["results"]
    assert command("agreement", "--study", "check") == then["agreement"]


@pytest.mark.usefixtures("opened")
def test_people_are_given_what_they_had_open_and_a_study_takes_their_verdict() -> None:
    statement = (
        "SELECT a.public_id, a.user_id, q.public_id, q.kind FROM assignment a JOIN queue_item i"
        " ON i.id = a.queue_item_id JOIN queue q ON q.id = i.queue_id WHERE a.state = 'open' ORDER BY a.id"
    )
    with engine().connect() as connection:
        left_open = connection.exec_driver_sql(statement).all()
    assert [kind for *_, kind in left_open] == ["pair", "tree", "compare"]
    for assignment, user_id, queue, _ in left_open:
        claim = claim_next(queue_public_id=queue, user_id=user_id)
        assert claim is not None and claim.assignment_id == assignment
    assert save_judgement(assignment_id=assignment, user_id=user_id, side="tie") == "counted"


@ON_SQLITE
@pytest.mark.usefixtures("opened")
def test_a_run_started_with_another_threshold_differs_in_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", "none")
    assert {run["name"] for run in command("runs")["runs"] if run["dataset"] == "sample"} == RUNS.keys()
    differences = {}
    for run, (words, _) in RUNS.items():
        said = refusal(*START, run, *words, "--tau-high", "0.95")
        differences[run] = said.partition("was started with other settings: ")[2].partition(". Choose")[0]
    assert differences == {run: f"tau_high is {was} there and 0.95 here" for run, (_, was) in RUNS.items()}


@ON_SQLITE
@pytest.mark.usefixtures("opened")
def test_the_words_that_started_a_run_resume_it_and_the_log_answers() -> None:
    ends = {
        run: command(*START, run, *words, "--tau-high", str(was))
        for run, (words, was) in RUNS.items()
        if run not in NEED_A_SERVER
    }
    assert {run: (end["state"], end["failed"], end["llm_calls"]) for run, end in ends.items()} == (
        dict.fromkeys(ends, ("done", 0, 0))
    )


@ON_SQLITE
@pytest.mark.usefixtures("opened")
def test_methods_and_judge_runs_are_the_same_by_their_words() -> None:
    predict = ("predict", "--dataset", "sample", "--method")
    for words in (("rules", "--model", "rules"), ("rules-without-tree", "--model", "rules", "--without-tree")):
        end = command(*predict, *words)
        assert (end["done"], end["resumed"], end["llm_calls"]) == (end["total"], end["total"], 0)
    end = command(*predict, "served", *SERVED, "--limit", "3")
    assert (end["done"], end["resumed"], end["llm_calls"]) == (3, 3, 0)
    assert "settings: without_tree is False there and True here. Choose" in refusal(*predict, "rules", "--without-tree")
    judge = ("judge", "--study", "check")
    pointwise = (*judge, "--mode", "pointwise", "--tie-margin")
    for words in (judge, (*pointwise, "0.05")):
        end = command(*words)
        assert (end["read"], end["unscored"], end["llm_calls"], end["cached_calls"]) == (end["total"], 0, 0, 0)
    assert "settings: tie_margin is 0.05 there and 0.2 here. Choose" in refusal(*pointwise, "0.2")


def test_an_import_that_did_not_end_is_resumed_and_no_other(opened: dict[str, sa.Table], tmp_path: Path) -> None:
    file = tmp_path / "talks.jsonl"
    write_talks(file)
    words = ("import", str(file), "--split", "50/0/50", "--dataset")
    assert "is not this one: seed is 3 there and 4 here. " in refusal(*words, "talks", "--seed", "4")
    dialogues = {"dialogue": opened["dialogue"]}
    before = everything(dialogues)["dialogue"]
    assert command(*words, "talks", "--seed", "3")["imported"] == 40
    after = everything(dialogues)["dialogue"]
    assert (after[: len(before)], len(after)) == (before, len(before) + 20)
    command(*words, "whole", "--seed", "3")
    # A guessed language stays as it was guessed.
    resumed, whole = ([row | {"language": ""} for row in stored(name)] for name in ("talks", "whole"))
    assert resumed == whole
    assert "already there" in refusal(*words, "sample", "--seed", "3")
