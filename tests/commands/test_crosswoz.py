"""CrossWOZ from its zip to training data, by the command line."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from db.jobs import jobs
from proutt_core.__main__ import app
from tests.export.trl import read_with_trl
from tests.jobs.project import rows_of_run

LIMIT = 60


def run(*words: str) -> dict[str, Any]:
    done = CliRunner().invoke(app, [*words, "--json"])
    assert done.exit_code == 0, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


def test_crosswoz_is_imported_whole_synthesised_clean_and_exported(
    sqlite: str, shared_data: Path, tmp_path: Path
) -> None:
    report = run("import", str(shared_data / "crosswoz/val.json.zip"), "--dataset", "cw")
    assert (report["imported"], report["skipped"], report["duplicates"], report["samples"]) == (500, 0, 0, 500)

    words = ("synthesize", "--dataset", "cw", "--run", "cw", "--model", "rules", "--split", "all")
    counts = run(*words, "--limit", str(LIMIT), "--concurrency", "32")
    assert (counts["total"], counts["done"] + counts["failed"]) == (LIMIT, LIMIT)
    assert counts["clean"] >= 0.95 * LIMIT

    job = jobs.find(kind="synthesis", name="cw")
    assert job is not None
    rows = rows_of_run(job.id)
    for row in rows:
        assert row["item"]["state"] == "done" or row["item"]["error"]
        assert (row["pair"] is not None) == (row["item"]["state"] == "done")
    splits = Counter(row["pair"]["split"] for row in rows if row["pair"] and not row["pair"]["gates_failed"])
    assert len(splits) > 1  # so that staying in train means something

    out = tmp_path / "cw.jsonl"
    sent = run("export", "preference", "--run", "cw", "--format", "trl", "--status", "clean", "--out", str(out))
    assert sent["rows"] == splits["train"] == len(out.read_text(encoding="utf-8").splitlines())
    assert len(read_with_trl(out, cache=tmp_path / "cache")) == sent["rows"]

    out = tmp_path / "cw.json"
    sent = run(
        "export", "preference", "--run", "cw", "--format", "llamafactory", "--status", "clean", "--out", str(out)
    )
    ranked = json.loads(out.read_text(encoding="utf-8"))
    assert len(ranked) == sent["rows"] == splits["train"]
    for row in ranked:
        assert [turn["from"] for turn in row["conversations"]] == ["human"]
        assert row["chosen"]["from"] == row["rejected"]["from"] == "gpt"
        assert row["chosen"]["value"] != row["rejected"]["value"]
