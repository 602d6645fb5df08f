"""The messy files of ../shared/data/llamafactory by the command line: every row is there, and every text of it."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select
from typer.testing import CliRunner

from db.engine import read
from db.jobs import items, jobs
from db.tables import DialogueRow
from proutt_core.__main__ import app

FILES = ["dpo_en_demo.json", "glaive_toolcall_zh_demo.json"]


def run(*words: str) -> dict[str, Any]:
    done = CliRunner().invoke(app, [*words, "--json"])
    assert done.exit_code == 0, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


def stored() -> list[DialogueRow]:
    with read() as session:
        return list(session.exec(select(DialogueRow).order_by(col(DialogueRow.id))).all())


@pytest.mark.parametrize("name", FILES)
def test_every_row_is_stored_or_reported_with_every_text_in_order(database: str, shared_data: Path, name: str) -> None:
    path = shared_data / "llamafactory" / name
    source: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    report = run("import", str(path), "--dataset", "messy", "--turn", "all")
    assert report["rows"] == report["imported"] + report["duplicates"] + report["skipped"] == len(source) == 300
    assert report["skipped"] == sum(report["reasons"].values())

    texts = {"\n".join(turn["value"] for turn in row["conversations"]) for row in source}
    rows = stored()
    assert len(rows) == report["imported"] == len(texts)  # what is no duplicate is stored once
    assert {"\n".join(m["content"] for m in row.messages) for row in rows} == texts
    for row in rows:
        # A row that was changed keeps its source as it stood; what changed is among the recorded notes.
        assert (row.original is not None) == bool(row.notes)
        if row.original is not None:
            assert json.loads(row.original) in source
        roles = [m["role"] for m in row.messages if m["role"] != "system"]
        assert roles == [("user", "assistant")[n % 2] for n in range(len(roles))]
    assert set(report["notes"]) <= {note for row in rows for note in row.notes}


@pytest.mark.parametrize("name", FILES)
def test_rules_end_every_item_of_them(sqlite: str, shared_data: Path, name: str) -> None:
    run("import", str(shared_data / "llamafactory" / name), "--dataset", "messy", "--turn", "all")
    words = ("--dataset", "messy", "--run", "r", "--split", "all", "--limit", "60", "--concurrency", "32")
    counts = run("synthesize", *words)
    assert (counts["total"], counts["done"] + counts["failed"]) == (60, 60)
    job = jobs.find(kind="synthesis", name="r")
    assert job is not None
    assert all(failure.stage and failure.reason for failure in items.failures(job.id))
    assert len(items.failures(job.id)) == counts["failed"]
