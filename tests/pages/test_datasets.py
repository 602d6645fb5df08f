"""Datasets: importing through the form, what a refusal leaves, the report, and reading dialogues."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import proutt_core.jobs.kinds.importing
from db.datasets import datasets, imports
from db.jobs import jobs
from proutt_core.actions.importing import import_now
from proutt_core.actions.synthesis import start_synthesis
from proutt_core.dialogues import uploads
from proutt_core.jobs.kinds.importing import ImportRequest, run_import_job
from proutt_core.jobs.whole_job import run_whole_job
from proutt_core.runs.request import RunRequest
from tests.pages.conftest import Open, pane_texts, words

HOSTILE = "![x](http://remote.example/x.png) **bold**"


def talk(*said: str) -> dict[str, object]:
    roles = ("user", "assistant")
    return {"messages": [{"role": roles[n % 2], "content": text} for n, text in enumerate(said)]}


@pytest.fixture
def talks(tmp_path: Path) -> Path:
    """Three dialogues, one of them without a sample, and a row that is none."""
    rows = [
        talk("Where is the museum?", "In the park.", "And when does it open?"),
        talk(HOSTILE, "I see.", HOSTILE),
        talk("Hello.", "Hello."),
        {"messages": "none"},
    ]
    path = tmp_path / "city-talk.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def imported(sqlite: str, talks: Path) -> None:
    import_now(ImportRequest((str(talks),), "city"))


def on_tab(open_page: Open, tab: str) -> AppTest:
    page = open_page("datasets.py")
    page.session_state["datasets_tab"] = tab
    return page.run()


def with_path(open_page: Open, path: Path) -> AppTest:
    page = on_tab(open_page, "Import a file")
    page.button_group(key="import-source").set_value("path").run()
    return page.text_input(key="import-path-0").set_value(str(path)).run()


def test_annotators_see_a_refusal_only(open_page: Open, sign_in_as: Callable[..., str], imported: None) -> None:
    sign_in_as("ann", "annotator", "reviewer")
    said = words(open_page("datasets.py"))
    assert "Not for your account" in said and "city" not in said


def test_an_empty_server_says_what_to_do_and_offers_it(open_page: Open, sign_in_as: Callable[..., str]) -> None:
    sign_in_as("res", "researcher")
    page = open_page("datasets.py")
    assert "No dialogues yet" in words(page)
    page.button(key="first").click().run()
    assert "Import" in [button.label for button in page.button]
    assert "No worker is running" in words(page)


def test_the_form_is_filled_in_from_the_file_and_queues_the_import(
    open_page: Open, sign_in_as: Callable[..., str], talks: Path
) -> None:
    sign_in_as("res", "researcher")
    page = with_path(open_page, talks)
    assert page.text_input(key=f"import-name-0-{talks}").value == "city-talk"
    assert page.text_input(key=f"import-title-0-{talks}").value == "City talk"
    page.text_input(key="import-split-0").set_value("100/0/0").run()
    page.button(key="import-go").click().run()
    (job,) = jobs.list_jobs(kind="import")
    assert (job.state, job.name, job.settings["public_title"]) == ("queued", "city-talk", "City talk")
    assert job.settings["import"]["shares"] == {"train": 100, "valid": 0, "test": 0}
    assert datasets.list_ready() == []  # nothing long ran in the page

    run_whole_job(job, run_import_job, stopping=lambda: False)
    said = words(on_tab(open_page, "Import a file"))
    assert "city-talk" in said and "done" in said
    made = datasets.required("city-talk")
    assert (made.dialogues, made.samples, made.report["skipped"], made.report["without_sample"]) == (3, 2, 1, 1)
    assert talks.exists()  # only uploads are removed


def test_a_refused_file_is_told_what_was_expected_and_changes_nothing(
    open_page: Open, sign_in_as: Callable[..., str], tmp_path: Path
) -> None:
    path = tmp_path / "other.json"
    path.write_text('[{"foo": 1}]')
    sign_in_as("res", "researcher")
    page = with_path(open_page, path)
    page.button(key="import-go").click().run()
    said = words(page)
    assert "other.json is of no known format" in said and "docs/formats.md" in said
    assert jobs.list_jobs() == [] and datasets.list_ready() == []


@pytest.mark.parametrize(
    ("key", "value", "refusal"),
    [("import-split-0", "80/20", "A split is three"), ("import-language-0", "e1", "A language is its code")],
)
def test_a_mistake_in_the_form_is_told(
    open_page: Open, sign_in_as: Callable[..., str], talks: Path, key: str, value: str, refusal: str
) -> None:
    sign_in_as("res", "researcher")
    page = with_path(open_page, talks)
    page.text_input(key=key).set_value(value).run()
    page.button(key="import-go").click().run()
    assert refusal in words(page)
    assert jobs.list_jobs() == []


def test_an_upload_is_kept_for_the_worker_and_removed_when_it_is_imported(
    open_page: Open, sign_in_as: Callable[..., str], talks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # data/uploads is under the working directory
    sign_in_as("res", "researcher")
    page = on_tab(open_page, "Import a file")
    page.file_uploader(key="import-file-0").set_value(("../my talk.jsonl", talks.read_bytes(), "text/plain")).run()
    page.button(key="import-go").click().run()
    (job,) = jobs.list_jobs(kind="import")
    path = Path(job.settings["paths"][0])
    assert uploads.is_upload(path) and path.read_bytes() == talks.read_bytes()
    run_whole_job(job, run_import_job, stopping=lambda: False)
    assert datasets.required(job.name).dialogues == 3
    assert list(uploads.FOLDER.iterdir()) == []


def test_nothing_of_a_refused_upload_is_kept(
    open_page: Open, sign_in_as: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    sign_in_as("res", "researcher")
    page = on_tab(open_page, "Import a file")
    page.file_uploader(key="import-file-0").set_value(("x.json", b"[{}]", "application/json")).run()
    page.button(key="import-go").click().run()
    assert "This did not work" in words(page)
    assert list(uploads.FOLDER.iterdir()) == []


def test_dialogues_are_found_and_their_text_is_never_markup(
    open_page: Open, sign_in_as: Callable[..., str], imported: None
) -> None:
    sign_in_as("res", "researcher")
    page = on_tab(open_page, "Dialogues")
    assert "3 dialogues" in words(page) and "Where is the museum?" in words(page)
    page.text_input(key="browse-search").set_value("REMOTE.example").run()
    assert "1 dialogue" in words(page)
    assert HOSTILE in pane_texts(page)
    assert not any("remote.example" in str(part.value) for part in [*page.markdown, *page.caption, *page.title])
    assert "what follows is to be predicted" in words(page)
    page.text_input(key="browse-search").set_value("giraffe").run()
    assert "Nothing fits" in words(page)


def test_the_report_names_the_skipped_rows(open_page: Open, sign_in_as: Callable[..., str], imported: None) -> None:
    sign_in_as("res", "researcher")
    page = open_page("datasets.py")
    tables = [table.value for table in page.dataframe]
    (skipped,) = [table for table in tables if "Row numbers" in table.columns]
    assert list(skipped["Row numbers"]) == ["4"]
    (overview,) = [table for table in tables if "Public title" in table.columns]
    assert list(overview["Dialogues"]) == [3] and list(overview["Samples"]) == [2]


@pytest.fixture
def interrupted(sqlite: str, talks: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """An import that was cut short after its first dialogue; its job."""
    monkeypatch.setattr(proutt_core.jobs.kinds.importing, "BATCH", 1)

    def stop(_rows: int) -> None:
        left = imports.unfinished("cut")
        if left is not None and left.so_far.rows:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_now(ImportRequest((str(talks),), "cut"), progress=stop)
    (job,) = jobs.list_jobs(kind="import")
    return job.id


def test_an_interrupted_import_is_continued_by_a_button(
    open_page: Open, sign_in_as: Callable[..., str], interrupted: int
) -> None:
    sign_in_as("res", "researcher")
    page = on_tab(open_page, "Import a file")
    assert "This import did not end" in words(page) and "1 rows of city-talk.jsonl are done" in words(page)
    (left,) = imports.list_unfinished()
    page.button(key=f"continue-{left.name}").click().run()
    assert "This import did not end" not in words(page)
    assert [job.id for job in jobs.list_active()] == [interrupted]
    run_whole_job(jobs.required(interrupted), run_import_job, stopping=lambda: False)
    assert datasets.required("cut").report["rows"] == 4


def test_an_interrupted_import_is_removed_by_a_button(
    open_page: Open, sign_in_as: Callable[..., str], interrupted: int
) -> None:
    sign_in_as("res", "researcher")
    page = on_tab(open_page, "Import a file")
    (left,) = imports.list_unfinished()
    page.button(key=f"remove-{left.name}").click().run()
    assert imports.list_unfinished() == []
    assert "This import did not end" not in words(page)
    assert jobs.required(interrupted).state == "cancelled"


def test_a_dataset_that_nothing_uses_is_removed_on_a_confirming_click(
    open_page: Open, sign_in_as: Callable[..., str], imported: None
) -> None:
    sign_in_as("res", "researcher")
    page = open_page("datasets.py")
    said = words(page)
    assert "This goes for good: city with 3 dialogues, 2 samples and 0 pairs." in said
    page.button(key="remove-ready-city").click().run()
    assert "No dialogues yet" in words(page)
    assert datasets.find("city") is None


def test_a_dataset_in_use_names_its_use_instead_of_the_button(
    open_page: Open, sign_in_as: Callable[..., str], imported: None
) -> None:
    start_synthesis(RunRequest(dataset="city", run="first", split="all"))
    sign_in_as("res", "researcher")
    page = open_page("datasets.py")
    assert 'the run "first"' in words(page)
    assert "Remove it" not in words(page)
