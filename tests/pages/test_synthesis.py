"""Synthesis: starting runs and predictions, naming the address first, following them, failures, and the export."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from db.engine import read, write
from db.jobs import jobs
from db.jobs.items import counts
from db.tables import Export, Job, SynthesisItem
from proutt_core.llm.providers.model_ref import OTHER
from tests.db import work
from tests.pages.conftest import Open, words


@pytest.fixture
def researcher(sign_in_as: Callable[..., str]) -> None:
    sign_in_as("res", "researcher")


def predictions(open_page: Open) -> AppTest:
    page = open_page("synthesis.py")
    page.session_state["synthesis_tab"] = "Predictions"
    return page.run()


def tables(page: AppTest, column: str) -> list[dict[str, object]]:
    return [row for table in page.dataframe if column in table.value for row in table.value.to_dict("records")]


def test_annotators_see_a_refusal_only(open_page: Open, sign_in_as: Callable[..., str]) -> None:
    work.finished_run(work.samples(1), name="secret-run")
    sign_in_as("ann", "annotator", "reviewer")
    page = open_page("synthesis.py")
    assert "Not for your account" in words(page)
    assert not page.dataframe and not page.button


def test_without_dialogues_the_page_leads_to_the_import(open_page: Open, researcher: None) -> None:
    page = open_page("synthesis.py")
    assert "Import a file of dialogues first." in words(page)
    assert not page.button


def test_a_run_is_queued_with_sensible_settings(open_page: Open, researcher: None) -> None:
    work.samples(5)
    page = open_page("synthesis.py")
    assert page.text_input(key="run-name-dialogues rules").value == "dialogues rules"
    assert "no text leaves it" in words(page)
    page.session_state["run-scope-dialogues-train-True"] = "some"
    page.run().number_input(key="run-limit").set_value(3).run()
    page.button(key="run-go").click().run()
    (job,) = jobs.list_jobs(kind="synthesis")
    assert (job.state, job.name, job.concurrency) == ("queued", "dialogues rules", 8)
    assert {key: job.settings[key] for key in ("model", "split", "seed", "tau_high", "tau_low")} == {
        "model": "rules",
        "split": "train",
        "seed": 0,
        "tau_high": 0.8,
        "tau_low": 0.3,
    }
    assert counts(job.id).waiting == 3  # nothing ran in the page
    (row,) = tables(page, "Run")
    assert (row["State"], row["Model"], row["Items"]) == ("waiting", "rules (baseline)", 3)


@pytest.mark.parametrize(("samples", "start"), [(20, "Start the run"), (21, "Start the pilot")])
def test_a_pilot_is_offered_where_there_is_more_than_a_pilot(
    open_page: Open, researcher: None, samples: int, start: str
) -> None:
    work.samples(samples)
    page = open_page("synthesis.py")
    assert page.button(key="run-go").label == start


def test_all_splits_come_with_a_warning(open_page: Open, researcher: None) -> None:
    work.samples(2)
    page = open_page("synthesis.py")
    assert "inspection only" not in words(page)
    page.selectbox(key="run-split").set_value("all").run()
    assert "inspection only" in words(page)


def test_thresholds_in_the_wrong_order_are_refused(open_page: Open, researcher: None) -> None:
    work.samples(2)
    page = open_page("synthesis.py")
    page.number_input(key="run-low").set_value(0.9).run()
    page.button(key="run-go").click().run()
    assert "0 <= tau_low <= tau_high <= 1" in words(page)
    assert jobs.list_jobs() == []


def elsewhere(open_page: Open, url: str) -> AppTest:
    page = open_page("synthesis.py")
    page.selectbox(key="run-model-provider").set_value(OTHER).run()
    page.text_input(key="run-model-name").set_value("Qwen/Qwen3-8B").run()
    return page.text_input(key="run-model-url").set_value(url).run()


def test_nothing_is_queued_before_the_address_was_confirmed(open_page: Open, researcher: None) -> None:
    work.samples(2)
    page = elsewhere(open_page, "http://10.0.0.7:8000/v1")
    assert "Texts are sent to http://10.0.0.7:8000 (another machine)." in words(page)
    page.button(key="run-go").click().run()
    assert "Confirm first" in words(page) and jobs.list_jobs() == []
    page.checkbox(key="run-model-sure-http://10.0.0.7:8000/v1").check().run()
    # What was confirmed was this address, and no other.
    page.text_input(key="run-model-url").set_value("http://10.0.0.8:8000/v1").run()
    page.button(key="run-go").click().run()
    assert jobs.list_jobs() == []
    page.checkbox(key="run-model-sure-http://10.0.0.8:8000/v1").check().run()
    page.button(key="run-go").click().run()
    (job,) = jobs.list_jobs()
    assert (job.settings["address"], job.settings["model"]) == ("http://10.0.0.8:8000/v1", "Qwen/Qwen3-8B")
    assert job.name == "dialogues Qwen3-8B"


def test_this_machine_needs_no_confirmation(open_page: Open, researcher: None) -> None:
    work.samples(2)
    page = elsewhere(open_page, "http://127.0.0.1:8000/v1")
    assert "(this machine)" in words(page)
    page.button(key="run-go").click().run()
    assert len(jobs.list_jobs()) == 1


def test_a_missing_key_is_told(open_page: Open, researcher: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ZHIPUAI_API_KEY", raising=False)
    work.samples(2)
    page = open_page("synthesis.py")
    page.selectbox(key="run-model-provider").set_value("zhipu").run()
    page.checkbox[0].check().run()
    page.button(key="run-go").click().run()
    assert "ZHIPUAI_API_KEY" in words(page) and "Zhipu needs a key" in words(page)
    assert jobs.list_jobs() == []


@pytest.fixture
def failed_run(sqlite: str) -> str:
    """A paused run's public id: one item done, two failed alike, one waits."""
    job_id = work.finished_run(work.samples(4), name="mixed")
    with write() as session:
        job = session.get_one(Job, job_id)
        job.state, job.reason = "paused", "the server is down"
        rows = session.exec(select(SynthesisItem).order_by(SynthesisItem.position)).all()  # type: ignore[arg-type]
        for n, item in enumerate(rows[1:3]):
            item.state, item.failed_stage, item.error = "failed", "insight", f"cut off after {n} tokens"
        rows[3].state = "waiting"
        return job.public_id


def test_failures_are_grouped_and_the_job_can_be_steered(open_page: Open, researcher: None, failed_run: str) -> None:
    page = open_page("synthesis.py")
    assert "the server is down" in words(page)
    assert tables(page, "Run")[0]["Model"] == "rules (baseline)"
    (group,) = tables(page, "Reason, of the first")
    assert (group["Stage"], group["Items"]) == ("insight", 2)
    page.button(key=f"retry-{failed_run}").click().run()
    (job,) = jobs.list_jobs()
    assert (job.state, counts(job.id).waiting, counts(job.id).failed) == ("queued", 3, 0)
    page.button(key=f"pause-{failed_run}").click().run()
    assert jobs.list_jobs()[0].state == "paused"
    page.button(key=f"resume-{failed_run}").click().run()
    page.button(key=f"cancel-{failed_run}").click().run()
    assert jobs.list_jobs()[0].state == "cancelled"


def test_a_finished_run_says_what_it_came_to_and_goes_out(
    open_page: Open, researcher: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # data/exports is under the working directory
    job_id = work.finished_run(work.samples(3))
    page = open_page("synthesis.py")
    assert "3 (100 %)" in words(page) and "Clean pairs" in words(page)
    run = jobs.required(job_id).public_id
    page.button(key=f"write-run-{run}").click().run()
    assert "No pair is approved yet" in words(page)
    page.selectbox(key=f"status-run-{run}").set_value("clean").run()
    page.button(key=f"write-run-{run}").click().run()
    with read() as session:
        exports = session.exec(select(Export)).all()
    assert [(e.status, e.rows) for e in exports] == [("approved", 0), ("clean", 3)]
    lines = Path(exports[1].path).read_text(encoding="utf-8").splitlines()
    assert [sorted(json.loads(line)) for line in lines] == [["chosen", "prompt", "rejected"]] * 3
    assert exports[1].sha256 in words(page)


def test_an_item_opens_with_every_stage(open_page: Open, researcher: None) -> None:
    work.finished_run(work.samples(1))
    page = open_page("synthesis.py")
    page.session_state["items"] = True
    said = words(page.run())
    assert "Tofuku-ji for the maples" in said and work.NEXT in said
    assert "Intent tree" in said and "True path" in said
    assert "Temples › Must-see › crowds" in said


def test_predictions_are_queued_for_a_new_method_and_for_the_same_on_another_dataset(
    open_page: Open, researcher: None
) -> None:
    work.samples(3, split="test")
    work.samples(2, split="test", name="others")
    page = predictions(open_page)
    page.selectbox(key="predict-dataset").set_value("dialogues").run()
    page.toggle(key="predict-tree").set_value(False).run()
    page.button(key="predict-go").click().run()
    (job,) = jobs.list_jobs(kind="predict")
    assert (job.name, counts(job.id).waiting) == ("rules without tree on dialogues (test)", 3)
    page.selectbox(key="predict-dataset").set_value("others").run()
    assert page.text_input(key="predict-name-rules without tree").value == "rules without tree"
    page.button(key="predict-go").click().run()
    assert [row["Intent tree"] for row in tables(page, "Predictions")] == ["without", "without"]
    assert len({job.method_id for job in jobs.list_jobs(kind="predict")}) == 1
