"""Two runs are read beside each other, figures first, then any sample that both have."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from pages._parts.synthesis.compare_runs import PER_PAGE
from proutt_core.types import Thresholds
from tests.jobs.project import import_talks, queue_run, run_here
from tests.pages.conftest import Open, words


@pytest.fixture
def researcher(sign_in_as: Callable[..., str]) -> None:
    sign_in_as("res", "researcher")


def comparing(open_page: Open) -> AppTest:
    page = open_page("synthesis.py")
    page.session_state["synthesis_tab"] = "Compare runs"
    return page.run()


def test_one_run_has_nothing_to_be_compared_with(open_page: Open, researcher: None) -> None:
    import_talks(2)
    queue_run(run="only")
    assert "Two runs are compared here" in words(comparing(open_page))


def test_figures_and_samples_stand_side_by_side(open_page: Open, researcher: None) -> None:
    import_talks(12)
    for name, thresholds in (("first", Thresholds()), ("second", Thresholds(tau_high=0.8, tau_low=0.05))):
        run_here(queue_run(run=name, limit=10, thresholds=thresholds).job_id)
    page = comparing(open_page)
    text = words(page)
    assert "10 samples finished in both runs" in text
    figures = page.dataframe[0].value
    assert list(figures.columns) == ["What", "1 · first", "2 · second"]
    rows = {row[0]: (row[1], row[2]) for row in figures.itertuples(index=False)}
    assert rows["Setting tau_low"] == ("0.3", "0.05")
    assert rows["Done, failed, of all"] == ("10 · 0 · 10", "10 · 0 · 10")
    assert "Setting tau_high" not in rows
    samples = page.dataframe[1].value
    assert len(samples) == PER_PAGE
    assert {"Branch 1", "Branch 2"} <= set(samples.columns)
    page.segmented_control(key="compare-show").set_value("other").run()
    assert (page.dataframe[1].value["Branch 1"] != page.dataframe[1].value["Branch 2"]).all()
