"""A dataset whose licence forbids passing its texts on: what leaves, what is put back, and how it is overridden."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select
from typer.testing import CliRunner

from db.engine import read, write
from db.jobs import jobs
from db.pairs.exports import exports_of
from db.tables import DialogueRow, EventRow, Export, Job
from proutt_core.__main__ import app
from proutt_core.types import Trace
from tests.commands.test_export import edit_one
from tests.dialogues.pairs.released_files import preference
from tests.dialogues.pairs.released_files import write as write_released
from tests.jobs.kinds.test_imported_pairs import answer_all
from tests.jobs.project import DATASET, import_talks, queue_run, run_here

RUN = "r"


@pytest.fixture
def run(sqlite: str) -> int:
    import_talks(12, split="80/0/20")
    job_id = queue_run(run=RUN).job_id
    run_here(job_id, concurrency=12)
    assert jobs.required(job_id).state == "done"
    return job_id


def call(*words: str, exit_code: int = 0) -> Any:
    done = CliRunner().invoke(app, [*words, "--json"])
    assert done.exit_code == exit_code, done.stderr
    return json.loads(done.stdout) | {"said": done.stderr} if exit_code == 0 else done.stderr


def forbid(dataset: str = DATASET) -> None:
    call("licence", dataset, "--not-redistributable", "--reason", "read its licence")


def dialogue_texts() -> list[str]:
    with read() as session:
        return [m["content"] for row in session.exec(select(DialogueRow)) for m in row.messages]


@pytest.mark.parametrize("kind", ["sft", "preference"])
@pytest.mark.parametrize("format", ["trl", "llamafactory"])
def test_texts_put_back_give_the_very_file(run: int, tmp_path: Path, kind: str, format: str) -> None:
    edit_one(run)
    words = ("export", kind, "--run", RUN, "--status", "all")
    full, bare, joined = (tmp_path / name for name in ("full.json", "ids.jsonl", "joined.json"))
    made = call(*words, "--format", format, "--out", str(full))
    forbid()
    result = call(*words, "--format", format, "--out", str(bare))
    assert (result["format"], result["rows"]) == ("ids", made["rows"])
    assert "licence forbids" in result["said"] and "may quote" in result["said"]
    back = call("export-join", str(bare), "--dataset", DATASET, "--format", format, "--out", str(joined))
    assert joined.read_bytes() == full.read_bytes()
    assert back["sha256"] == made["sha256"]
    with read() as session:
        event = session.exec(select(EventRow).where(EventRow.kind == "export.join")).one()
    assert event.detail == {"rows": made["rows"], "sha256": made["sha256"], "dataset": DATASET}


def test_rows_without_texts_hold_ids_and_traces_and_no_message(run: int, tmp_path: Path) -> None:
    forbid()
    out = tmp_path / "ids.jsonl"
    call("export", "preference", "--run", RUN, "--status", "clean", "--out", str(out))
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert rows
    for row in rows:
        assert list(row) == [
            "pair",
            "external_id",
            "target_index",
            "split",
            "prompt_sha256",
            "chosen",
            "rejected",
            "traces",
        ]
        assert row["split"] == "train"
        assert Trace.model_validate(row["traces"]["chosen"]) != Trace.model_validate(row["traces"]["rejected"])
        assert "The dialogue:" not in json.dumps(row)
    # A trace may quote a message; whole rows hold none as a message.
    assert not [text for text in dialogue_texts() if f": {text}\n\n" in out.read_text(encoding="utf-8")]


def test_ids_can_be_asked_for_of_any_dataset(run: int, tmp_path: Path) -> None:
    result = call("export", "sft", "--run", RUN, "--status", "clean", "--format", "ids", "--out", str(tmp_path / "x"))
    assert result["format"] == "ids"
    assert "licence" not in result["said"]


def test_an_override_is_kept_with_its_reason(run: int, tmp_path: Path) -> None:
    words = ("export", "sft", "--run", RUN, "--status", "clean")
    full = tmp_path / "full.jsonl"
    made = call(*words, "--out", str(full))
    forbid()
    again = call(*words, "--out", str(full), "--with-texts", "--reason", "agreement of 3 May")
    assert (again["format"], again["sha256"]) == ("trl", made["sha256"])
    newest, oldest = exports_of(job_id=run)
    assert (newest.settings, oldest.settings) == ({"with_texts": "agreement of 3 May"}, {})
    with read() as session:
        events = session.exec(select(EventRow).where(EventRow.kind == "export").order_by(col(EventRow.id))).all()
    assert [event.detail.get("with_texts") for event in events] == [None, "agreement of 3 May"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"external_id": "gone"}, 'line 1: dataset talks holds no "gone"'),
        ({"prompt_sha256": "0" * 64}, "has another text in dataset talks"),
        ({"chosen": 3}, "line 1: not a row of an export without texts (chosen"),
        ({"surprise": 1}, "line 1: not a row of an export without texts (surprise"),
    ],
)
def test_rows_that_do_not_fit_the_dataset_write_nothing(
    run: int, tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    bare, out = tmp_path / "ids.jsonl", tmp_path / "out.jsonl"
    call("export", "sft", "--run", RUN, "--status", "clean", "--format", "ids", "--out", str(bare))
    first, *others = bare.read_text(encoding="utf-8").splitlines()
    bare.write_text("\n".join([json.dumps(json.loads(first) | change), *others]) + "\n", encoding="utf-8")
    assert message in call("export-join", str(bare), "--dataset", DATASET, "--out", str(out), exit_code=1)
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix == ".jsonl") == ["ids.jsonl"]


def test_a_dialogue_that_is_not_in_train_here_is_not_put_back(run: int, tmp_path: Path) -> None:
    bare = tmp_path / "ids.jsonl"
    call("export", "sft", "--run", RUN, "--status", "clean", "--format", "ids", "--out", str(bare))
    with write() as session:
        session.execute(DialogueRow.__table__.update().values(split="test"))  # type: ignore[attr-defined]
    said = call("export-join", str(bare), "--dataset", DATASET, "--out", str(tmp_path / "o.jsonl"), exit_code=1)
    assert "only train may be learned from" in said


def test_imported_pairs_leave_without_their_prompts_and_get_them_back(sqlite: str, tmp_path: Path) -> None:
    source = write_released(tmp_path / "pref.json", [preference(f"Town {n}?") for n in range(4)])
    call("import", str(source), "--dataset", "released", "--split", "100/0/0")
    answer_all()
    words = ("export", "preference", "--dataset", "released")
    full, bare, joined = (tmp_path / name for name in ("full.jsonl", "ids.jsonl", "joined.jsonl"))
    call(*words, "--out", str(full))
    forbid("released")
    call(*words, "--out", str(bare))
    rows = [json.loads(line) for line in bare.read_text(encoding="utf-8").splitlines()]
    assert [row["source_row"] for row in rows] == [1, 2, 3, 4]
    assert not [row for row in rows if "Town" in json.dumps(row)]
    call("export-join", str(bare), "--dataset", "released", "--out", str(joined))
    assert joined.read_bytes() == full.read_bytes()


def test_a_run_without_revision_has_no_preference_rows(run: int, tmp_path: Path) -> None:
    with write() as session:
        job = session.get_one(Job, run)
        job.settings = job.settings | {"without": ["revision"]}
    said = call("export", "preference", "--run", RUN, "--out", str(tmp_path / "x"), exit_code=1)
    assert "made without revision" in said
    with read() as session:
        assert session.exec(select(Export)).all() == []
