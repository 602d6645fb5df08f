"""The bundled project reaches every branch under `rules`, with the settings that `init --sample` gives it."""

from pathlib import Path

import pytest

from db.jobs import items, jobs
from db.synthesis import runs as synthesis
from proutt_core.actions.sample_project import set_up_sample
from tests.jobs.project import rows_of_run, run_here


def test_the_sample_run_reaches_all_three_branches_and_every_pair_is_clean(
    sqlite: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    set_up_sample()
    job = jobs.find(kind="synthesis", name="sample")
    assert job is not None
    assert (job.settings["model"], job.settings["split"]) == ("rules", "train")
    run_here(job.id, concurrency=32)
    summary = synthesis.summary(job.id)
    assert items.failures(job.id) == []
    assert summary.done == summary.total >= 30
    assert min(summary.branches.values()) >= 3, summary.branches
    assert (summary.clean, summary.gate_failures) == (summary.done, {})
    # What the branches promise, on real rows.
    for row in rows_of_run(job.id):
        pair, results = row["pair"], row["item"]["results"]
        insight = results["insight"]
        chosen, rejected = ({view: pair[side][view] for view in insight} for side in ("chosen", "rejected"))
        assert (chosen == insight) == (pair["branch"] == "high")
        assert (rejected == insight) == (pair["branch"] == "low")
        assert bool(pair["perturbed"]) == (pair["branch"] != "low")
        assert pair["chosen"]["category"] == pair["rejected"]["category"] == results["category"]
