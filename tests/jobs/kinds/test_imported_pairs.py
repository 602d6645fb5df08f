"""A released file from the command to its export: imported, given out, approved, written."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select
from typer.testing import CliRunner

from db.datasets import datasets
from db.engine import read
from db.jobs import jobs
from db.pairs import imported as imported_pairs
from db.review.answers import pair_task, save_pair_review
from db.review.queues import claim_next
from db.tables import PreferencePair, Queue
from proutt_core.__main__ import app
from proutt_core.actions.export import run_export
from proutt_core.actions.importing import forget_import, import_now
from proutt_core.dialogues import ImportSettings
from proutt_core.dialogues.pairs.report import PairReport
from proutt_core.dialogues.splits import Shares
from proutt_core.errors import ConflictError, InputError
from proutt_core.jobs.kinds.importing import ImportRequest
from proutt_core.traces.editing import with_texts
from tests.db import work
from tests.dialogues.pairs.released_files import answer, preference, sft, write

ALL_TRAIN = ImportSettings(shares=Shares(train=100, valid=0, test=0))
MIXED: list[Any] = [
    preference("Kyoto?"),
    preference("Nara?", chosen="no trace, but <think>a</think><predict>b</predict>"),
    preference("Osaka?"),
    {"nothing": 1},
    preference("Kyoto?"),
]


def request(path: Path, **more: Any) -> ImportRequest:
    fields: dict[str, Any] = {"paths": (str(path),), "dataset": "released", "settings": ALL_TRAIN}
    return ImportRequest(**fields | more)


def answer_all(answer: str = "approve", *, edit: str | None = None) -> None:
    """Ann answers every pair of the dataset's queue; `edit` puts other words in the first prediction of parsed ones."""
    ann = work.person("ann", "annotator")
    with read() as session:
        queue = session.exec(select(Queue.public_id).where(col(Queue.dataset_id).is_not(None))).one()
    while (claim := claim_next(queue_public_id=queue, user_id=ann)) is not None:
        task = pair_task(assignment_id=claim.assignment_id, user_id=ann)
        edited = None if edit is None or task.chosen is None else with_texts(task.chosen, {"m1": edit})
        save_pair_review(
            assignment_id=claim.assignment_id,
            user_id=ann,
            answer=answer,  # type: ignore[arg-type]
            chosen=edited,
        )


def export_all(out: Path, **more: Any) -> list[dict[str, Any]]:
    fields: dict[str, Any] = {"kind": "preference", "format": "llamafactory", "status": "approved", "out": out}
    run_export(**fields | {"dataset": "released"} | more)
    rows = json.loads(out.read_text(encoding="utf-8"))
    assert isinstance(rows, list)
    return rows


def test_a_file_is_imported_reported_and_stored(database: str, tmp_path: Path) -> None:
    report = import_now(request(write(tmp_path / "pref.json", MIXED)))
    assert isinstance(report, PairReport)
    counts = (report.rows, report.imported, report.parsed, report.verbatim, report.duplicates, report.skipped)
    assert counts == (5, 3, 2, 1, 1, 1)
    dataset = datasets.required("released")
    assert (dataset.kind, dataset.format, dataset.pairs, dataset.report["parsed"]) == ("pairs", "proutt", 3, 2)
    job = jobs.find(kind="import", name="released")
    assert job is not None and job.state == "done"
    with read() as session:
        rows = session.exec(select(PreferencePair).order_by(col(PreferencePair.source_row))).all()
    assert [(row.source_row, bool(row.chosen)) for row in rows] == [(1, True), (2, False), (3, True)]


def test_unedited_pairs_leave_as_they_came_and_only_from_train(sqlite: str, tmp_path: Path) -> None:
    rows = [preference(f"Town {n}?", chosen=answer(f" {n}")) for n in range(30)]
    half = ImportSettings(shares=Shares(train=50, valid=0, test=50))
    import_now(request(write(tmp_path / "pref.json", rows), settings=half))
    out = tmp_path / "out.json"
    assert export_all(out, status="clean") == []  # nobody has looked at them
    answer_all()
    with read() as session:
        train = session.exec(
            select(PreferencePair.source_row)
            .where(PreferencePair.split == "train")
            .order_by(col(PreferencePair.source_row))
        ).all()
    assert 5 < len(train) < 25
    assert export_all(out) == [rows[(number or 0) - 1] for number in train]


def test_an_edit_leaves_in_the_files_own_form(sqlite: str, tmp_path: Path) -> None:
    import_now(request(write(tmp_path / "pref.json", MIXED)))
    answer_all(edit="Which temple opens at six? \\1")
    rows = export_all(tmp_path / "out.json")
    expected = answer().replace("<predict>Prediction 1?", "<predict>Which temple opens at six? \\1")
    assert [row["chosen"]["value"] for row in rows] == [expected, MIXED[1]["chosen"]["value"], expected]
    assert [row["rejected"]["value"] for row in rows] == [answer(" (worse)")] * 3


def test_an_edit_that_would_break_the_files_form_leaves_in_ours_on_both_sides(sqlite: str, tmp_path: Path) -> None:
    import_now(request(write(tmp_path / "pref.json", MIXED[:1])))
    answer_all(edit="What does </predict> mean?")
    (row,) = export_all(tmp_path / "out.json")
    assert "<\\/predict> mean?</predict>" in row["chosen"]["value"]
    assert row["rejected"]["value"].startswith("<think>\n[User Intent Tree]:")


def test_an_sft_file_leaves_as_sft_and_not_as_preference(sqlite: str, tmp_path: Path) -> None:
    import_now(request(write(tmp_path / "sft.json", [sft("Kyoto?")])))
    answer_all()
    (row,) = export_all(tmp_path / "out.json", kind="sft")
    assert [turn["value"] for turn in row["conversations"]] == [m["content"] for m in sft("Kyoto?")["messages"]]
    with pytest.raises(InputError, match="no rejected text"):
        export_all(tmp_path / "out.json")


def test_what_an_import_that_broke_off_left_is_invisible_and_goes(
    sqlite: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "pref.json", [preference(f"{n}?") for n in range(6)])
    monkeypatch.setattr("proutt_core.jobs.kinds.imported_pairs.BATCH", 2)
    stored = imported_pairs.append
    calls = []

    def failing(dataset_id: int, batch: Any) -> int:
        calls.append(len(batch))
        if len(calls) == 3:
            raise OSError("disk gone")
        return stored(dataset_id, batch)

    with monkeypatch.context() as patch:
        patch.setattr("db.pairs.imported.append", failing)
        with pytest.raises(OSError, match="disk gone"):
            import_now(request(path))
    assert datasets.list_ready() == []
    forget_import("released")
    with read() as session:
        assert session.exec(select(PreferencePair)).all() == []
    report = import_now(request(path))
    assert isinstance(report, PairReport) and report.imported == 6
    with pytest.raises(ConflictError):
        import_now(request(path))


def test_the_command_says_what_became_of_the_rows(sqlite: str, tmp_path: Path) -> None:
    path = write(tmp_path / "LMSYS_pref.json", MIXED)
    done = CliRunner().invoke(app, ["import", str(path), "--dataset", "released", "--json"])
    assert done.exit_code == 0, done.stderr
    counts = json.loads(done.stdout)
    assert (counts["imported"], counts["parsed"], counts["verbatim"], counts["sft_only"]) == (3, 2, 1, 0)
    assert "3 pairs imported, 2 read as traces and 1 kept as text" in done.stderr
    assert not datasets.required("released").redistributable  # LMSYS's conversations are not ours to pass on
    unlooked = CliRunner().invoke(app, ["personal-data", "released"])  # and not: there is none
    assert (unlooked.exit_code, "holds imported pairs" in unlooked.stderr) == (1, True)
    empty = CliRunner().invoke(
        app, ["export", "preference", "--dataset", "released", "--status", "clean", "--out", str(tmp_path / "none")]
    )
    assert "go out only when a person approved them" in empty.stdout
    refused = CliRunner().invoke(app, ["import", str(path), "--dataset", "drawn", "--sample", "2"])
    assert (refused.exit_code, "sample can only be set for dialogues" in refused.stderr) == (1, True)
