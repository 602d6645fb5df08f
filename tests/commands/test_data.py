"""`init` and `import` as they are typed."""

import json
import os
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

import db.engine
import proutt_core.jobs.kinds.importing
from db.accounts.users import list_users
from db.datasets import datasets
from db.jobs import jobs
from db.studies import predictions, studies
from proutt_core.__main__ import app
from proutt_core.actions.sample_project import ACCOUNTS, ACCOUNTS_FILE, open_sample_study, set_up_sample
from proutt_core.jobs.whole_job import WholeJobClaim

MESSAGES = [{"role": role, "content": text} for role, text in (("user", "hi"), ("assistant", "hello"), ("user", "bye"))]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, list(words))
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stdout, done.stderr


def last_line(stdout: str) -> dict[str, object]:
    result = json.loads(stdout.splitlines()[-1])
    assert isinstance(result, dict)
    return result


def test_init_makes_the_default_database_once(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROUTT_DATABASE_URL", raising=False)
    code, stdout, _ = run("init", "--json")
    assert (code, last_line(stdout)["migrated"]) == (0, True)
    assert (here / "data/proutt.db").exists()
    assert last_line(run("init", "--json")[1])["migrated"] is False
    assert not ACCOUNTS_FILE.exists()
    db.engine.dispose()


def test_the_sample_project_is_loaded_once(database: str, here: Path) -> None:
    code, stdout, _ = run("init", "--sample", "--json")
    assert code == 0
    assert last_line(stdout)["accounts"] == str(ACCOUNTS_FILE)
    assert stat.S_IMODE(os.stat(ACCOUNTS_FILE).st_mode) == 0o600
    written = ACCOUNTS_FILE.read_text()
    assert {user.name for user in list_users()} == set(ACCOUNTS)
    sample = datasets.required("sample")
    assert sample.public_title == "Sample dialogues"
    assert all(sample.samples_by_split[split] for split in ("train", "test"))
    queued = [(job.kind, job.name, job.state) for job in jobs.list_jobs()]
    assert queued == [
        ("predict", "rules-without-tree on sample (test)", "queued"),
        ("predict", "rules on sample (test)", "queued"),
        ("synthesis", "sample", "queued"),
        ("import", "sample", "done"),
    ]
    assert last_line(run("init", "--sample", "--json")[1])["sample"] == []
    assert ACCOUNTS_FILE.read_text() == written
    assert len(jobs.list_jobs()) == 4


def test_accounts_are_completed_after_a_start_that_was_cut_off(sqlite: str, here: Path) -> None:
    set_up_sample()
    db.engine.dispose()
    (here / "proutt.db").unlink()  # a new database beside the file that people already know
    for leftover in ("proutt.db-wal", "proutt.db-shm"):
        (here / leftover).unlink(missing_ok=True)
    written = ACCOUNTS_FILE.read_text()
    assert run("init", "--sample")[0] == 0
    assert {user.name for user in list_users()} == set(ACCOUNTS)
    assert ACCOUNTS_FILE.read_text() == written


def test_accounts_whose_file_was_deleted_are_left_alone(sqlite: str, here: Path) -> None:
    set_up_sample()
    ACCOUNTS_FILE.unlink()
    assert set_up_sample().accounts is None
    assert not ACCOUNTS_FILE.exists()


def test_the_worker_opens_the_sample_study(sqlite: str, here: Path) -> None:
    set_up_sample()
    assert run("worker", "--until-idle")[0] == 0
    assert [(study.name, study.state) for study in studies.list_studies()] == [("sample", "open")]


def test_the_sample_study_opens_when_both_methods_have_predicted(database: str, here: Path) -> None:
    set_up_sample()
    assert not open_sample_study()
    arguments = ("predict", "--dataset", "sample", "--method")
    assert run(*arguments, "rules")[0] == 0
    assert not open_sample_study()
    assert run(*arguments, "rules-without-tree")[0] == 0
    assert open_sample_study()
    assert not open_sample_study()
    (study,) = studies.list_studies()
    assert (study.name, study.state, study.a, study.b) == ("sample", "open", "rules", "rules-without-tree")
    assert set(study.members) == {"annotator1", "annotator2", "annotator3", "reviewer"}
    done = predictions.of_method(method_id=1, dataset_id=datasets.required("sample").id, split="test")
    assert done
    assert all(row.state == "done" and len(set(row.utterances)) == 4 for row in done)


def test_import_reports_what_became_of_each_row(database: str, here: Path) -> None:
    rows = [json.dumps({"id": "a", "messages": MESSAGES})] * 2 + ["not json", json.dumps({"id": "b", "messages": []})]
    (here / "f.jsonl").write_text("\n".join(rows))
    code, stdout, stderr = run("import", "f.jsonl", "--dataset", "d", "--split", "100/0/0", "--json")
    assert code == 0
    report = last_line(stdout)
    assert {key: report[key] for key in ("imported", "duplicates", "skipped", "samples")} == {
        "imported": 1,
        "duplicates": 1,
        "skipped": 2,
        "samples": 1,
    }
    assert report["reasons"] == {"not valid JSON": 1, "no list of messages": 1}
    assert len(stdout.splitlines()) == 1
    assert "skipped: 1 × not valid JSON (rows 3)" in stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["none.jsonl"], "There is no file none.jsonl"),
        (["f.jsonl", "--split", "50/50"], "80/5/15"),
        (["f.jsonl", "--turn", "first"], "--turn"),
        (["f.jsonl", "--format", "parquet"], "There is no format"),
        (["odd.jsonl"], "of no known format"),
    ],
)
def test_what_cannot_be_used_is_one_clear_line(sqlite: str, here: Path, words: list[str], message: str) -> None:
    (here / "f.jsonl").write_text(json.dumps({"id": "a", "messages": MESSAGES}))
    (here / "odd.jsonl").write_text('{"a": 1}')
    code, stdout, stderr = run("import", *words, "--dataset", "d", "--json")
    assert (code, stdout) == (1, "")
    assert len(stderr.splitlines()) == 1
    assert stderr.startswith("error: ")
    assert message in stderr
    assert datasets.list_ready() == []


def test_a_database_without_tables_is_told_what_to_run(empty_database: str, here: Path) -> None:
    (here / "f.jsonl").write_text(json.dumps({"id": "a", "messages": MESSAGES}))
    code, _, stderr = run("import", "f.jsonl", "--dataset", "d")
    assert code == 1
    assert "init" in stderr
    assert len(stderr.splitlines()) == 1


def test_crosswoz_is_imported_whole(sqlite: str, shared_data: Path) -> None:
    code, stdout, _ = run("import", str(shared_data / "crosswoz/val.json.zip"), "--dataset", "cw", "--json")
    assert code == 0
    report = last_line(stdout)
    assert (report["imported"], report["skipped"], report["duplicates"]) == (500, 0, 0)
    assert datasets.required("cw").samples == report["samples"] == 500


def test_what_annotators_see_is_never_the_datasets_own_name_and_can_be_changed(sqlite: str, here: Path) -> None:
    (here / "t.json").write_text(json.dumps([{"messages": MESSAGES}]))
    assert run("import", "t.json", "--dataset", "llama-distilled")[0] == 0
    assert datasets.required("llama-distilled").public_title == "Dialogues"
    assert run("title", "Everyday talk", "--dataset", "llama-distilled")[0] == 0
    assert datasets.required("llama-distilled").public_title == "Everyday talk"
    code, _, stderr = run("title", "Everyday talk", "--dataset", "nothing")
    assert code != 0 and "nothing" in stderr


def test_what_an_import_left_is_listed_continued_and_removed(
    sqlite: str, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "f.jsonl").write_text(
        "\n".join(
            json.dumps({"id": n, "messages": [{"role": "user", "content": f"Talk {n}"}, *MESSAGES[1:]]})
            for n in range(5)
        )
    )
    monkeypatch.setattr(proutt_core.jobs.kinds.importing, "BATCH", 2)
    command = ("import", "f.jsonl", "--dataset", "d")

    def interrupt() -> None:
        with monkeypatch.context() as patch:
            patch.setattr(WholeJobClaim, "renew", stopping)
            code, _, stderr = run(*command)
        assert code == 130 and "the same command goes on" in stderr

    def stopping(claim: WholeJobClaim, rows: int) -> None:
        if rows >= 2:
            raise KeyboardInterrupt

    interrupt()
    assert "d: its import did not end, 2 rows of f.jsonl done" in run("datasets", "list")[1]
    code, stdout, stderr = run(*command, "--json")
    assert (code, last_line(stdout)["imported"]) == (0, 5) and "going on after row 2" in stderr
    assert "d: 5 dialogues, 5 samples" in run("datasets", "list")[1]

    command = ("import", "f.jsonl", "--dataset", "e")
    interrupt()
    code, _, stderr = run(*command, "--seed", "9")
    assert code == 1 and "seed is 0 there and 9 here" in stderr and 'datasets remove "e"' in stderr
    assert 'removed "e"' in run("datasets", "remove", "e")[1]
    assert "nothing to remove" in run("datasets", "remove", "e")[1]
    assert last_line(run(*command, "--seed", "9", "--json")[1])["imported"] == 5
