"""`make test-real`: the whole way with a real model, SmolLM2-135M-Instruct behind a stock llama.cpp server on a CPU.

Checks the model, makes ten items of the bundled sample dialogues in English (the model knows no other language), lets
it predict, and judge a study of the two rule-based methods, all through the ordinary commands. Prints what share of
each stage's calls had a valid reply. So small a model writes little of use: what is shown is that a server that
enforces schemas is asked so that it can, and that nothing a model writes ends a run.

Fails where a command fails, where a run does not end, or where a schema was lost.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

PROJECT = Path(__file__).resolve().parents[1]
SERVER = (PROJECT / ".venv-real/bin/python", PROJECT / "tools/llama_server.py")
ITEMS = 10
PREDICTIONS = 4
CASES = 3
DEADLINE_S = "300"  # of a call: two slots of a small CPU that others use too
SHARES = sa.text(
    "SELECT stage, count(*), sum(valid), sum(CASE WHEN completion_tokens IS NULL THEN 1 ELSE 0 END),"
    " avg(completion_tokens), max(completion_tokens), avg(latency_s) FROM llm_call WHERE model <> 'rules-1'"
    " GROUP BY stage ORDER BY min(id)"
)
LOST = sa.text("SELECT coalesce(sum(calls_without_schema), 0) FROM job_usage")


@contextmanager
def served() -> Iterator[str]:
    """The server's base URL."""
    with subprocess.Popen([*map(str, SERVER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None and server.stdin is not None
        yield server.stdout.readline().strip()
        server.stdin.close()


def proutt(*words: str) -> dict[str, Any]:
    """What the command says, as JSON. Its progress and notes go to this terminal."""
    began = time.monotonic()
    command = [sys.executable, "-m", "proutt_core", *words, "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, cwd=PROJECT, check=False)
    say(f"$ proutt {' '.join(words)}   # {time.monotonic() - began:.0f} s")
    if not done.stdout:
        raise SystemExit("the command failed")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def go_the_whole_way(base_url: str) -> list[str]:
    """What was wrong; empty where all is well."""
    from proutt_core.actions.sample import sample_path

    served_there = ("--base-url", base_url, "--parameter", "temperature=0.8", "--parameter", "seed=1")
    model = ("--model", "SmolLM2-135M-Instruct", *served_there, "--concurrency", "2")
    proutt("init")
    proutt("user", "add", "res", "--role", "annotator")
    proutt("import", str(sample_path()), "--dataset", "sample", "--language", "en", "--split", "60/0/40")
    checked = proutt("models", "check", "SmolLM2-135M-Instruct", *served_there)
    say("; ".join(f"{step['rung']}: {step['outcome']}" for step in checked["steps"]))
    run = proutt("synthesize", "--dataset", "sample", "--run", "real", *model, "--limit", str(ITEMS))
    predicted = [
        proutt("predict", "--dataset", "sample", "--method", name, *model, "--limit", str(PREDICTIONS), *tree)
        for name, tree in (("small", ()), ("small-direct", ("--without-tree",)))
    ]
    for name, tree in (("rules", ()), ("rules-direct", ("--without-tree",))):
        proutt("predict", "--dataset", "sample", "--method", name, "--model", "rules", *tree)
    study = ("--title", "Which is nearer?", "--dataset", "sample", "--a", "rules", "--b", "rules-direct")
    proutt("study", "create", "check", *study, "--cases", str(CASES), "--people", "1")
    proutt("study", "open", "check")
    judged = [proutt("judge", "--study", "check", *model, "--mode", mode) for mode in ("pairwise", "pointwise")]
    say(f"synthesis: {run['done']} of {run['total']} items done, {run['failed']} failed, {run['clean']} clean pairs")
    for method, end in zip(("with the tree", "without it"), predicted, strict=True):
        say(f"predictions {method}: {end['done']} of {end['total']}")
    readings = ", ".join(f"{end['read']} of {end['total']}" for end in judged)
    say(f"readings of the judge: {readings}")
    ends = {"synthesis": run, "predictions": predicted[0], "direct predictions": predicted[1], "judge": judged[0]}
    wrong = [f"{what} is {end['state']}" for what, end in ends.items() if end["state"] != "done"]
    refused = [step["rung"] for step in checked["steps"] if step["outcome"] in ("refused", "unreachable")]
    return wrong + [f"the check was refused {rung}" for rung in refused]


def tell_shares(database: str) -> list[str]:
    with sa.create_engine(database).connect() as connection:
        rows, lost = connection.execute(SHARES).all(), connection.execute(LOST).scalar_one()
    say(f"\n{'stage':17} {'calls':>5} {'valid':>11} {'tokens, mean':>12} {'most':>6} {'s a call':>8}")
    for stage, calls, valid, unmetered, mean, most, seconds in rows:
        note = f"   {unmetered} without usage" if unmetered else ""
        tokens = f"{mean or 0:12.0f} {most or 0:6}"
        say(f"{stage:17} {calls:5} {valid:5} ({valid / calls:4.0%}) {tokens} {seconds:8.1f}{note}")
    calls, valid = sum(row[1] for row in rows), sum(row[2] for row in rows)
    say(f"{'all':17} {calls:5} {valid:5} ({valid / calls:4.0%})")
    return [f"{lost} calls were asked for without their schema"] if lost else []


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  this is what it is for


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, served() as base_url:
        os.environ |= {"PROUTT_DEADLINE_S": DEADLINE_S}
        os.environ["PROUTT_DATABASE_URL"] = f"sqlite:///{folder}/real.db"
        wrong = go_the_whole_way(base_url)
        wrong += tell_shares(os.environ["PROUTT_DATABASE_URL"])
    if wrong:
        raise SystemExit("; ".join(wrong))


if __name__ == "__main__":
    main()
