"""Imports as jobs: what they leave, what an interrupted one leaves, and who may run one."""

import json
import time
from pathlib import Path

import pytest

import proutt_core.actions.importing
import proutt_core.dialogues.second_process
import proutt_core.jobs.kinds.importing
import proutt_core.jobs.whole_job
from db.datasets import datasets, dialogues, imports
from db.jobs import jobs
from proutt_core.actions.importing import forget_import, import_now, queue_import
from proutt_core.dialogues import ImportReport, ImportSettings, parse_shares
from proutt_core.errors import ConflictError, InputError
from proutt_core.jobs.kinds.importing import ImportRequest, run_import_job
from proutt_core.jobs.whole_job import run_whole_job
from tests.jobs.kinds.imported_rows import stored


def rows(*texts: tuple[str, ...]) -> list[dict[str, object]]:
    roles = ("user", "assistant")
    return [
        {"id": f"d{n}", "messages": [{"role": roles[m % 2], "content": text} for m, text in enumerate(talk)]}
        for n, talk in enumerate(texts)
    ]


def write(path: Path, content: list[dict[str, object]]) -> Path:
    path.write_text("\n".join(json.dumps(row) for row in content), encoding="utf-8")
    return path


@pytest.fixture
def talks(tmp_path: Path) -> Path:
    return write(tmp_path / "talks.jsonl", rows(*[(f"hi {n}", "hello", f"book {n}", "done", "bye") for n in range(30)]))


def never() -> bool:
    return False


def test_a_file_becomes_a_dataset_with_samples(database: str, talks: Path) -> None:
    report = import_now(ImportRequest(paths=(str(talks),), dataset="d", public_title="Talks"))
    assert (report.imported, report.samples, report.skipped) == (30, 30, 0)
    dataset = datasets.required("d")
    assert (dataset.public_title, dataset.dialogues, dataset.samples, dataset.format) == ("Talks", 30, 30, "openai")
    assert dataset.report["imported"] == 30
    job = jobs.find(kind="import", name="d")
    assert job is not None
    assert (job.state, job.dataset) == ("done", "d")


def test_later_utterances_are_found_again(database: str, tmp_path: Path) -> None:
    path = write(tmp_path / "f.jsonl", rows(("a", "x", "b", "x", "b", "x", "c", "x", "d", "x", "e")))
    settings = ImportSettings(turn="all", shares=parse_shares("100/0/0"))
    import_now(ImportRequest(paths=(str(path),), dataset="d", settings=settings))
    samples = dialogues.samples_by_id(range(20)).values()
    by_target = {stored.sample.target_index: stored.sample for stored in samples}
    assert sorted(by_target) == [2, 4, 6, 8, 10]
    assert by_target[2].next_utterance == "b"
    assert by_target[2].later_utterances == ("c", "d")
    assert by_target[10].later_utterances == ()


# By name: what is said, the user first; what is set; where the samples are and their later utterances then.
REPEATED: dict[str, tuple[tuple[str, ...], dict[str, object], list[list[object]]]] = {
    "the assistant says it first": (
        ("a", "x", "b", "c", "c", "d", "e", "d", "d"),
        {},
        [[2, [4, 6]], [4, [6, 8]], [6, [8]], [8, []]],
    ),
    "the user says it twice": (
        ("a", "x", "b", "c", "B", "c", "c", "c", "c"),
        {},
        [[2, [6]], [4, [6]], [6, []], [8, []]],
    ),
    "masked to the same": (
        ("a", "x", "b", "13812345678?", "138-1234-5678?", "x", "c"),
        {"personal_data": "mask"},
        [[2, [4, 6]], [4, [6]], [6, []]],
    ),
    "drawn": (("a", "x", "b", "c", "c"), {"sample": 1}, [[2, [4]], [4, []]]),
}


@pytest.mark.parametrize("apart", [False, True], ids=["here", "apart"])
@pytest.mark.parametrize(("said", "how", "samples"), REPEATED.values(), ids=REPEATED)
def test_later_utterances_are_where_the_user_said_them(
    sqlite: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    apart: bool,
    said: tuple[str, ...],
    how: dict[str, object],
    samples: list[list[object]],
) -> None:
    monkeypatch.setattr(proutt_core.dialogues.second_process, "APART_FROM", 0 if apart else 1 << 40)
    monkeypatch.setattr(proutt_core.dialogues.second_process, "_cores", lambda: 2)
    path = write(tmp_path / "f.jsonl", rows(said))
    settings = ImportSettings.model_validate({"turn": "all", **how})
    import_now(ImportRequest(paths=(str(path),), dataset="d", settings=settings))
    assert stored("d")[0]["samples"] == samples


def test_duplicates_and_renamed_dialogues_are_counted(database: str, tmp_path: Path) -> None:
    content = rows(("a", "x", "b"), ("a", "x", "c"))
    again = [content[0], {**content[1], "id": "d0"}]
    report = import_now(ImportRequest(paths=(str(write(tmp_path / "f.jsonl", content + again)),), dataset="d"))
    assert (report.rows, report.imported, report.duplicates, report.renamed) == (4, 2, 2, 1)
    assert report.samples == datasets.required("d").samples == 2
    page = dialogues.browse(datasets.required("d").id)
    assert [info.dialogue.external_id for info in page.dialogues] == ["d0", "d1"]


def test_a_file_of_no_known_shape_changes_nothing(database: str, tmp_path: Path) -> None:
    path = tmp_path / "f.json"
    path.write_text('[{"question": "?"}]', encoding="utf-8")
    with pytest.raises(InputError, match="no known format"):
        import_now(ImportRequest(paths=(str(path),), dataset="d"))
    with pytest.raises(InputError, match="no known format"):
        queue_import(ImportRequest(paths=(str(path),), dataset="d"))
    assert datasets.list_ready() == []
    assert jobs.list_jobs() == []


def test_a_name_that_is_taken_is_refused_at_once(database: str, talks: Path) -> None:
    import_now(ImportRequest(paths=(str(talks),), dataset="d"))
    with pytest.raises(ConflictError, match="already there"):
        import_now(ImportRequest(paths=(str(talks),), dataset="d"))
    assert datasets.required("d").dialogues == 30


def half_done(talks: Path) -> int:
    """What a killed import leaves: some rows, a job that nobody renews."""
    request = ImportRequest(paths=(str(talks),), dataset="d")
    job_id, _ = imports.queue_import(name="d", settings=request.to_stored(), claim_for_s=0.01)
    dataset_id = datasets.create(name="d", public_title="d", source="", settings={})
    imports.attach_dataset(job_id, dataset_id=dataset_id)
    time.sleep(0.05)
    return job_id


def test_a_killed_import_is_taken_over_when_its_lease_ran_out(database: str, talks: Path) -> None:
    job_id = half_done(talks)
    assert datasets.list_ready() == []
    assert [job.id for job in jobs.list_active()] == [job_id]
    run_whole_job(jobs.required(job_id), run_import_job, stopping=never)
    assert jobs.required(job_id).state == "done"
    assert datasets.required("d").dialogues == 30


def test_a_killed_import_can_be_removed_or_started_again_by_hand(database: str, talks: Path) -> None:
    half_done(talks)
    assert forget_import("d")
    assert not forget_import("d")
    half_done_again = half_done(talks)
    assert import_now(ImportRequest(paths=(str(talks),), dataset="d")).imported == 30
    assert jobs.required(half_done_again).state == "done"


def test_an_import_under_way_is_not_disturbed(database: str, talks: Path) -> None:
    request = ImportRequest(paths=(str(talks),), dataset="d")
    job_id, token = imports.queue_import(name="d", settings=request.to_stored(), claim_for_s=60)
    assert token is not None
    with pytest.raises(ConflictError, match="at this moment"):
        import_now(request)
    with pytest.raises(ConflictError, match="at this moment"):
        forget_import("d")
    run_whole_job(jobs.required(job_id), run_import_job, stopping=never)  # somebody else has it
    assert jobs.list_active() == []
    assert datasets.list_ready() == []


def test_a_queued_import_is_done_by_a_worker_with_its_settings(database: str, talks: Path) -> None:
    settings = ImportSettings(limit=7, shares=parse_shares("0/0/100"))
    job_id = queue_import(ImportRequest(paths=(str(talks),), dataset="d", public_title="T", settings=settings))
    run_whole_job(jobs.required(job_id), run_import_job, stopping=never)
    assert datasets.required("d").samples_by_split == {"test": 7}


def test_a_cancelled_import_ends_and_leaves_nothing(
    database: str, talks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proutt_core.jobs.whole_job, "LOOK_EVERY_S", 0.0)
    job_id = queue_import(ImportRequest(paths=(str(talks),), dataset="d"))
    find = proutt_core.jobs.kinds.importing.find_source
    seen: list[int] = []

    def cancel_then_find(*args: object, **named: object) -> object:
        seen.append(1)
        jobs.cancel(job_id)
        return find(*args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(proutt_core.jobs.kinds.importing, "find_source", cancel_then_find)
    run_whole_job(jobs.required(job_id), run_import_job, stopping=never)
    assert seen
    assert (jobs.required(job_id).state, jobs.required(job_id).halt) == ("cancelled", "person")
    assert not datasets.remove_unfinished("d")


def test_a_worker_that_ends_leaves_the_import_to_the_next(database: str, talks: Path) -> None:
    job_id = queue_import(ImportRequest(paths=(str(talks),), dataset="d"))
    run_whole_job(jobs.required(job_id), run_import_job, stopping=lambda: True)
    assert jobs.required(job_id).state == "queued"
    run_whole_job(jobs.required(job_id), run_import_job, stopping=never)
    assert datasets.required("d").dialogues == 30


def test_one_who_lost_the_import_touches_nothing_of_the_new_holder(
    database: str, talks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proutt_core.actions.importing, "lease_s", lambda: 0.01)
    monkeypatch.setattr(proutt_core.jobs.whole_job, "lease_s", lambda: 0.01)
    monkeypatch.setattr(proutt_core.jobs.whole_job, "LOOK_EVERY_S", 0.0)
    taken: list[ImportReport] = []

    def slept_too_long(_rows: int) -> None:
        if not taken:
            time.sleep(0.05)
            taken.append(ImportReport())
            taken.append(import_now(ImportRequest(paths=(str(talks),), dataset="d")))

    with pytest.raises(ConflictError):
        import_now(ImportRequest(paths=(str(talks),), dataset="d"), progress=slept_too_long)
    assert taken[1].imported == 30
    assert datasets.required("d").dialogues == 30
