"""`export` as it is typed, over a run of the bundled sample."""

import hashlib
import json
from pathlib import Path

import pytest
from sqlmodel import select
from typer.testing import CliRunner

from db.engine import read
from db.jobs import jobs
from db.review.answers import pair_task, save_pair_review
from db.review.queues import claim_next
from db.tables import Export, ExportRow
from proutt_core.__main__ import app
from proutt_core.traces.as_text import parse_trace
from proutt_core.traces.editing import with_texts
from proutt_core.types import Trace
from tests.db import work
from tests.jobs.project import import_talks, queue_run, rows_of_run, run_here

RUN = "r"


@pytest.fixture
def run(database: str) -> int:
    """A finished run over all splits of the sample's first dialogues, its queues open."""
    import_talks(16, split="60/0/40")
    job_id = queue_run(run=RUN, split="all").job_id
    run_here(job_id, concurrency=16)
    assert jobs.required(job_id).state == "done"
    return job_id


def export(kind: str, out: Path, *words: str) -> dict[str, object]:
    done = CliRunner().invoke(app, ["export", kind, "--run", RUN, "--out", str(out), *words, "--json"])
    assert done.exit_code == 0, done.stderr
    assert len(done.stdout.splitlines()) == 1
    result = json.loads(done.stdout)
    assert isinstance(result, dict)
    assert result["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    return result


def train_pairs(run: int) -> list[dict[str, Trace]]:
    pairs = [
        row["pair"] for row in rows_of_run(run) if row["pair"]["split"] == "train" and not row["pair"]["gates_failed"]
    ]
    return [{side: Trace.model_validate(pair[side]) for side in ("chosen", "rejected")} for pair in pairs]


def edit_one(run: int) -> Trace:
    """Ann approves the first train pair that she is given, with another first prediction."""
    ann = work.person("ann", "annotator")
    queue = work.queue_of(kind="pair", job_id=run)
    train = [pair["chosen"] for pair in train_pairs(run)]
    while (claim := claim_next(queue_public_id=queue, user_id=ann)) is not None:
        task = pair_task(assignment_id=claim.assignment_id, user_id=ann)
        if task.chosen in train:
            edited = with_texts(task.chosen, {"m1": "Edited by hand, 手改的。"})
            save_pair_review(assignment_id=claim.assignment_id, user_id=ann, answer="approve", chosen=edited)
            return edited
        save_pair_review(assignment_id=claim.assignment_id, user_id=ann, answer="approve")
    raise AssertionError("no train pair was given")


def test_clean_pairs_of_the_train_split_go_out_for_trl(run: int, tmp_path: Path) -> None:
    out = tmp_path / "pairs.jsonl"
    pairs = train_pairs(run)
    assert 0 < len(pairs) < 16  # other splits were synthesised, and stay
    assert export("preference", out, "--format", "trl", "--status", "clean")["rows"] == len(pairs)
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    for row, pair in zip(rows, pairs, strict=True):
        assert {key: [m["role"] for m in messages] for key, messages in row.items()} == {
            "prompt": ["user"],
            "chosen": ["assistant"],
            "rejected": ["assistant"],
        }
        assert {side: parse_trace(row[side][0]["content"]) for side in ("chosen", "rejected")} == pair
    assert not (tmp_path / "dataset_info.json").exists()


def test_the_same_for_llamafactory_with_its_entry(run: int, tmp_path: Path) -> None:
    out = tmp_path / "pairs.json"
    export("preference", out, "--format", "llamafactory", "--status", "clean")
    rows = json.loads(out.read_text(encoding="utf-8"))
    for row, pair in zip(rows, train_pairs(run), strict=True):
        assert [turn["from"] for turn in row["conversations"]] == ["human"]
        assert {side: row[side]["from"] for side in pair} == {"chosen": "gpt", "rejected": "gpt"}
        assert {side: parse_trace(row[side]["value"]) for side in pair} == pair
    info = json.loads((tmp_path / "dataset_info.json").read_text(encoding="utf-8"))
    assert info["pairs"]["ranking"] is True
    assert info["pairs"]["file_name"] == "pairs.json"


def test_approved_is_what_a_person_let_through_in_the_wording_of_the_edit(run: int, tmp_path: Path) -> None:
    out = tmp_path / "sft.jsonl"
    assert export("sft", out)["rows"] == 0  # nobody has looked yet, and approved is the default
    edited = edit_one(run)
    export("sft", out)
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [set(row) for row in rows] == [{"prompt", "completion"}]
    assert [parse_trace(row["completion"][0]["content"]) for row in rows] == [edited]
    with read() as session:
        newest = max(session.exec(select(Export.id)).all(), key=lambda number: number or 0)
        (sent,) = session.exec(select(ExportRow).where(ExportRow.export_id == newest)).all()
    assert sent.review_id is not None


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["preference", "--out", "x.jsonl"], "name either a run or a dataset"),
        (["preference", "--dataset", "none", "--out", "x.jsonl"], 'no dataset of imported pairs is named "none"'),
        (["sft", "--run", RUN, "--out", "x.jsonl", "--with-texts"], "say why the texts may go out"),
        (["sft", "--run", RUN, "--out", "x.jsonl", "--reason", "x"], "give both or neither"),
        (["preference", "--run", "none", "--out", "x.jsonl"], 'no synthesis run is named "none"; there are: r'),
        (["preference", "--run", RUN, "--out", "nowhere/x.jsonl"], "nowhere is not a folder"),
        (["preference", "--run", RUN, "--out", "dataset_info.json", "--format", "llamafactory"], "another name"),
    ],
)
def test_what_cannot_be_exported_is_one_clear_line_and_is_not_recorded(
    sqlite: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    import_talks(2)
    queue_run(run=RUN)
    done = CliRunner().invoke(app, ["export", *words, "--json"])
    assert (done.exit_code, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert message in line
    with read() as session:
        assert session.exec(select(Export)).all() == []
    assert not list(tmp_path.glob(".*.part"))
