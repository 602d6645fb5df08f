"""Exports of runs that left a part of the method out: prompt and answer lack it, and the way through ids does too."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from proutt_core.__main__ import app
from proutt_core.traces.as_text import parse_trace
from proutt_core.traces.instruction import sections_of
from proutt_core.types import PARTS, Part
from tests.jobs.project import DATASET, import_talks, queue_run, run_here


def call(*words: str) -> Any:
    done = CliRunner().invoke(app, [*words, "--json"])
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("part", PARTS)
def test_rows_ask_for_what_they_hold(sqlite: str, tmp_path: Path, part: Part) -> None:
    import_talks(6)
    run_here(queue_run(run="r", without=[part]).job_id)
    kind = "sft" if part == "revision" else "preference"
    words = ("export", kind, "--run", "r", "--status", "all")
    full, bare, joined = (tmp_path / name for name in ("full.jsonl", "ids.jsonl", "joined.jsonl"))
    made = call(*words, "--out", str(full))
    assert made["rows"] > 0
    left_out = frozenset([part])
    gone = set(sections_of(frozenset())) - set(sections_of(left_out))
    for line in full.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        assert not [heading for heading in gone if heading in row["prompt"][0]["content"]]
        for side in ("completion",) if kind == "sft" else ("chosen", "rejected"):
            parse_trace(row[side][0]["content"], without=left_out - {"revision"})
    call(*words, "--format", "ids", "--out", str(bare))
    assert json.loads(bare.read_text(encoding="utf-8").splitlines()[0])["without"] == [part]
    call("export-join", str(bare), "--dataset", DATASET, "--out", str(joined))
    assert joined.read_bytes() == full.read_bytes()
    if part == "revision":
        refused = CliRunner().invoke(app, ["export", "preference", "--run", "r", "--out", str(tmp_path / "p.jsonl")])
        assert (refused.exit_code, "made without revision" in refused.stderr) == (1, True)
