"""Moving a line tells at once what changes and what it costs, and starts another run that shares the call log."""

from collections.abc import Callable

import pytest

from db.jobs import jobs
from db.jobs.items import counts
from tests.jobs.project import import_talks, queue_run, run_here
from tests.pages.conftest import Open, words


@pytest.fixture
def researcher(sign_in_as: Callable[..., str]) -> None:
    sign_in_as("res", "researcher")


@pytest.fixture
def run(sqlite: str) -> int:
    import_talks(20)
    job_id = queue_run(run="first").job_id
    run_here(job_id)
    return job_id


def test_without_a_run_the_page_leads_to_the_pilot(open_page: Open, researcher: None) -> None:
    assert "Start a pilot first" in words(open_page("thresholds.py"))


def test_the_runs_own_lines_change_nothing(open_page: Open, researcher: None, run: int) -> None:
    page = open_page("thresholds.py")
    text = words(page)
    assert "the run's own thresholds" in text
    assert "What would change" not in text
    assert page.slider[0].value == (0.3, 0.8)
    assert "The user really said" in text


def test_moving_a_line_tells_what_changes_and_starts_a_run(open_page: Open, researcher: None, run: int) -> None:
    page = open_page("thresholds.py")
    page.slider[0].set_value((0.05, 0.8)).run()
    text = words(page)
    assert "What would change" in text
    assert "low to middle" in text
    assert "wrong_path" in text  # new calls
    assert "nothing: the model is free" in text
    page.button(key="tau-go").click().run()
    newest = jobs.list_jobs(kind="synthesis")[0]
    assert newest.name == "first 0.05-0.8"
    assert (newest.settings["tau_low"], newest.settings["tau_high"]) == (0.05, 0.8)
    assert counts(newest.id).waiting == 20
    assert page.title[0].value == "Synthesis"  # where it can be watched
