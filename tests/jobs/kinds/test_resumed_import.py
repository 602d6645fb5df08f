"""An unfinished import: resumed as if nothing had happened, refused where it is another, or removed."""

import json
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import proutt_core.dialogues.second_process
import proutt_core.jobs.kinds.importing
from benchmarks._lmsys import write_jsonl
from db.datasets import datasets, imports
from db.jobs import jobs
from proutt_core.actions.importing import forget_import, import_now
from proutt_core.dialogues import ImportSettings, uploads
from proutt_core.errors import ConflictError, InputError
from proutt_core.jobs.kinds.importing import ImportRequest, run_import_job
from proutt_core.jobs.whole_job import run_whole_job
from tests.jobs.kinds.imported_rows import fingerprint, stored

ROWS = 400
HERE_OR_APART = pytest.mark.parametrize("apart", [False, True], ids=["here", "apart"])


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(proutt_core.jobs.kinds.importing, "BATCH", 50)
    return write_jsonl(tmp_path / "talks.jsonl", ROWS)


class Stop(Exception):
    """Stands for whatever ends an import in the middle."""


def break_off(request: ImportRequest, *, after: int, exc: type[BaseException] = Stop) -> None:
    """Import until so many rows are stored, then end with the error."""

    def progress(rows: int) -> None:
        left = imports.unfinished(request.dataset)
        if left is not None and left.so_far.rows >= after:
            raise exc

    with pytest.raises(exc):
        import_now(request, progress=progress)


def read_apart(monkeypatch: pytest.MonkeyPatch, apart: bool) -> None:
    monkeypatch.setattr(proutt_core.dialogues.second_process, "APART_FROM", 0 if apart else 1 << 40)
    monkeypatch.setattr(proutt_core.dialogues.second_process, "_cores", lambda: 2)


@HERE_OR_APART
@pytest.mark.parametrize("settings", [{}, {"turn": "all", "limit": 300}, {"min_turns": 2, "language": "en"}])
def test_broken_off_and_gone_on_with_is_the_import_undisturbed(
    sqlite: str, file: Path, monkeypatch: pytest.MonkeyPatch, apart: bool, settings: dict[str, Any]
) -> None:
    made = ImportSettings(**settings)
    import_now(ImportRequest((str(file),), "whole", settings=made))
    read_apart(monkeypatch, apart)
    request = ImportRequest((str(file),), "d", settings=made)
    notes: list[str] = []
    break_off(request, after=40)
    left = imports.unfinished("d")
    assert left is not None and not left.held and 40 <= left.so_far.rows < ROWS
    assert datasets.list_ready()[0].name == "whole" and len(datasets.list_ready()) == 1
    import_now(request, say=notes.append)
    assert notes == [f"going on after row {left.so_far.rows:,}"]
    assert fingerprint("d") == fingerprint("whole")


def test_reading_apart_gives_the_same(sqlite: str, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for apart in (False, True):
        read_apart(monkeypatch, apart)
        import_now(ImportRequest((str(file),), f"apart-{apart}"))
    assert fingerprint("apart-True") == fingerprint("apart-False")


def test_a_file_that_breaks_in_the_other_process_is_told_as_here(
    sqlite: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = json.dumps({"messages": [{"role": "user", "content": "hi"}]})
    path = tmp_path / "cut.json"
    path.write_text("[" + ",".join([row] * 300) + ', {"messages": [', encoding="utf-8")
    messages = []
    for apart in (False, True):
        read_apart(monkeypatch, apart)
        with pytest.raises(InputError, match="ends in the middle") as refused:
            import_now(ImportRequest((str(path),), "d"))
        messages.append(str(refused.value))
        assert imports.list_unfinished() == []  # nothing is left of a file that cannot be read on
    assert messages[0] == messages[1]


def test_the_reading_process_that_is_killed_leaves_an_import_to_go_on_with(
    sqlite: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_now(ImportRequest((str(file),), "whole"))
    read_apart(monkeypatch, True)
    started: list[Any] = []
    popen = subprocess.Popen

    def remembered(*args: Any, **named: Any) -> Any:
        started.append(popen(*args, **named))
        return started[-1]

    def kill(_rows: int) -> None:
        left = imports.unfinished("d")
        if left is not None and left.so_far.rows:
            started[-1].send_signal(signal.SIGKILL)

    monkeypatch.setattr(proutt_core.dialogues.second_process, "AHEAD", 1)
    monkeypatch.setattr(subprocess, "Popen", remembered)
    write_jsonl(file, 3000)  # more than the pipe and the queue hold
    with pytest.raises(proutt_core.dialogues.second_process.ReadingEndedError, match="too early"):
        import_now(ImportRequest((str(file),), "d"), progress=kill)
    assert all(process.poll() is not None for process in started)
    assert import_now(ImportRequest((str(file),), "d")).rows > 2900


def test_another_file_or_other_settings_are_refused_with_every_difference(sqlite: str, file: Path) -> None:
    break_off(ImportRequest((str(file),), "d", licence="MIT"), after=40)
    left = imports.unfinished("d")
    other = ImportRequest((str(file),), "d", licence="none", settings=ImportSettings(seed=7))
    with pytest.raises(ConflictError, match=r"licence is 'MIT' there and 'none' here; seed is 0 there and 7 here"):
        import_now(other)
    with file.open("ab") as grown:
        grown.write(b"\n{}")
    with pytest.raises(ConflictError, match=r'the file there was another.*datasets remove "d"'):
        import_now(ImportRequest((str(file),), "d", licence="MIT"))
    assert imports.unfinished("d") == left  # a refusal changes nothing
    assert forget_import("d")
    assert import_now(other).rows > ROWS - 10


def test_the_same_file_elsewhere_is_the_same(sqlite: str, file: Path, tmp_path: Path) -> None:
    break_off(ImportRequest((str(file),), "d"), after=40)
    copy = shutil.copy(file, tmp_path / "copy.jsonl")
    notes: list[str] = []
    import_now(ImportRequest((str(copy),), "d"), say=notes.append)
    assert notes[0].startswith("going on after row")


def test_a_draw_starts_over(sqlite: str, file: Path) -> None:
    settings = ImportSettings(sample=120)
    import_now(ImportRequest((str(file),), "whole", settings=settings))
    stop_when_storing: list[int] = []

    def progress(_rows: int) -> None:
        left = imports.unfinished("d")
        if left is not None and left.so_far.report:
            stop_when_storing.append(1)
            raise Stop

    request = ImportRequest((str(file),), "d", settings=settings)
    with pytest.raises(Stop):
        import_now(request, progress=progress)
    assert stop_when_storing and imports.unfinished("d") is None  # nothing to go on from, so nothing is left
    import_now(request)
    assert stored("d") == stored("whole")


def test_interrupted_by_hand_waits_for_that_hand(sqlite: str, file: Path) -> None:
    break_off(ImportRequest((str(file),), "d"), after=40, exc=KeyboardInterrupt)
    job = jobs.find(kind="import", name="d")
    assert job is not None and (job.state, job.halt, job.reason) == ("cancelled", "person", "interrupted")
    assert jobs.list_active() == []


def test_a_cancelled_import_is_gone_on_with_when_it_is_resumed(sqlite: str, file: Path) -> None:
    import_now(ImportRequest((str(file),), "whole"))
    request = ImportRequest((str(file),), "d")
    break_off(request, after=40)
    job = jobs.find(kind="import", name="d")
    assert job is not None and job.state == "failed"
    jobs.resume(job.id)
    run_whole_job(jobs.required(job.id), run_import_job, stopping=lambda: False)
    assert fingerprint("d") == fingerprint("whole")


def test_a_worker_without_the_file_takes_nothing_away(sqlite: str, file: Path) -> None:
    break_off(ImportRequest((str(file),), "d"), after=40)
    job = jobs.find(kind="import", name="d")
    assert job is not None
    jobs.resume(job.id)
    file.rename(file.with_suffix(".away"))
    with pytest.raises(InputError, match="There is no file"):
        run_whole_job(jobs.required(job.id), run_import_job, stopping=lambda: False)
    assert (jobs.required(job.id).state, jobs.required(job.id).halt) == ("failed", "refused")
    left = imports.unfinished("d")
    assert left is not None and left.so_far.rows >= 40


@pytest.fixture
def upload(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    with file.open("rb") as stream:
        yield uploads.save_upload(stream, file.name)


def test_an_upload_goes_with_what_it_was_handed_in_for(sqlite: str, upload: Path) -> None:
    break_off(ImportRequest((str(upload),), "d"), after=40)
    assert upload.exists()
    assert forget_import("d") and not upload.exists()
    assert imports.list_unfinished() == [] and list(uploads.FOLDER.iterdir()) == []


def test_an_upload_goes_when_its_dataset_is_ready_or_its_file_is_broken(sqlite: str, upload: Path) -> None:
    broken = upload.parent / "cut.json"
    row = json.dumps({"messages": [{"role": "user", "content": "hi"}]})
    broken.write_text("[" + ",".join([row] * 200), encoding="utf-8")
    with pytest.raises(InputError):
        import_now(ImportRequest((str(broken),), "d"))
    assert not upload.parent.exists()


def test_the_report_of_a_dataset_gone_on_with_names_the_same_rows(sqlite: str, tmp_path: Path) -> None:
    lines = ["{" if n % 3 == 0 else json.dumps({"messages": [{"role": "user", "content": str(n)}]}) for n in range(400)]
    path = tmp_path / "f.jsonl"
    path.write_text("\n\n".join(lines), encoding="utf-8")  # blank lines have numbers but are no rows
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(proutt_core.jobs.kinds.importing, "BATCH", 7)
        import_now(ImportRequest((str(path),), "whole"))
        break_off(ImportRequest((str(path),), "d"), after=100)
        import_now(ImportRequest((str(path),), "d"))
    report = datasets.required("d").report
    assert fingerprint("d") == fingerprint("whole")
    assert (report["rows"], report["skipped"], len(report["errors"])) == (400, 134, 50)
    assert report["numbers"]["not valid JSON"] == [1, 7, 13, 19, 25, 31, 37, 43, 49, 55]
