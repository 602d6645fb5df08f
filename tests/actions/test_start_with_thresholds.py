"""Another run with other thresholds: it shares the call log, and only what its branches lack is asked."""

import pytest

from db.jobs import jobs
from db.jobs.usage import of_job
from db.synthesis import similarities
from db.synthesis.comparison import branches_of_both, samples_of_both
from proutt_core.actions.synthesis import start_with_thresholds
from proutt_core.errors import ConflictError
from proutt_core.runs.thresholds import Similarity, branch_counts, new_calls, views_at_top
from proutt_core.synthesis.stages import PROMPT_VERSIONS
from proutt_core.types import Thresholds
from tests.fake_server import FakeServer
from tests.jobs.project import import_talks, queue_run, run_here

TALKS = 30
OTHER = Thresholds(tau_high=0.95, tau_low=0.1)


def test_other_thresholds_cost_exactly_the_calls_that_were_foretold(database: str) -> None:
    import_talks(TALKS)
    with FakeServer() as server:
        first = queue_run(run="first", model="fake", base_url=server.base_url, limit=24).job_id
        run_here(first)
        measured = [Similarity(one.item_id, one.top) for one in similarities.of_run(first)]
        assert len(measured) == 24
        own = Thresholds(tau_high=0.8, tau_low=0.3)
        low = similarities.scores_below(first, line=own.tau_low)
        assert low.keys() == {one.item_id for one in measured if one.top < own.tau_low}
        views = {item_id: views_at_top(scores) for item_id, scores in low.items()}
        foretold = new_calls(measured, own, OTHER, views=views)
        assert foretold.wrong_path > 0
        assert foretold.revise > foretold.wrong_path
        before = len(server.calls)
        second = start_with_thresholds(first, run="second", thresholds=OTHER).job_id
        run_here(second)
        assert len(server.calls) - before == foretold.total
    made = {usage.stage: usage.calls for usage in of_job(second) if usage.calls}
    assert made == {"wrong_path": foretold.wrong_path, "revise": foretold.revise}
    settings = jobs.required(second).settings
    assert settings == jobs.required(first).settings | {"tau_high": 0.95, "tau_low": 0.1}
    both = branches_of_both(first, second)
    assert both.total() == 24
    counts = branch_counts(measured, OTHER)
    assert {branch: sum(n for (_, there), n in both.items() if there == branch) for branch in counts} == counts


def test_samples_of_two_runs_are_read_side_by_side(database: str) -> None:
    import_talks(12)
    first = queue_run(run="first", limit=10).job_id
    second = queue_run(run="second", limit=8, thresholds=OTHER).job_id
    for job_id in (first, second):
        run_here(job_id)
    page = samples_of_both(first, second, limit=3)
    assert page.total == 8  # what only one of them has is left out
    assert [both.external_id for both in samples_of_both(first, second, offset=0, limit=8).samples][:3] == [
        both.external_id for both in page.samples
    ]
    assert all(both.first.top_similarity == both.second.top_similarity for both in page.samples)
    differing = samples_of_both(first, second, other_branch=True, limit=8)
    assert 0 < differing.total < 8
    assert all(both.first.branch != both.second.branch for both in differing.samples)


def test_a_name_that_is_taken_and_changed_prompts_are_refused(sqlite: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import_talks(2)
    first = queue_run(run="first").job_id
    with pytest.raises(ConflictError, match="already there"):
        start_with_thresholds(first, run="first", thresholds=OTHER)
    monkeypatch.setitem(PROMPT_VERSIONS, "insight", 4711)
    with pytest.raises(ConflictError, match="other versions of the prompts"):
        start_with_thresholds(first, run="second", thresholds=OTHER)
