"""A run's items as a researcher reads them, and how far the jobs are."""

from datetime import timedelta

import pytest
from sqlmodel import select

from db.columns import now
from db.engine import write
from db.jobs.progress import counts_by_job, ended_lately
from db.synthesis.items import browse_items, open_item
from db.tables import PreferencePair, SynthesisItem
from proutt_core.errors import InputError
from tests.db import work


@pytest.fixture
def run(database: str) -> int:
    """Five items: the second's pair failed a gate, the fourth failed, the fifth waits; the last three have no pair."""
    job_id = work.finished_run(work.samples(5))
    with write() as session:
        items = session.exec(select(SynthesisItem).order_by(SynthesisItem.position)).all()  # type: ignore[arg-type]
        pairs = {pair.item_id: pair for pair in session.exec(select(PreferencePair))}
        pairs[items[1].id].gates_failed = [{"gate": "differ", "detail": "they are the same"}]
        items[2].branch = "high"
        items[3].state, items[3].branch = "failed", None
        items[3].failed_stage, items[3].error = "insight", "no object"
        items[4].state, items[4].branch = "waiting", None
        for item in items[3:]:
            session.delete(pairs[item.id])
        for age, item in zip((300, 50, 20, 10), items, strict=False):
            item.finished_at = now() - timedelta(seconds=age)
    return job_id


def test_items_are_paged_in_the_runs_order(run: int) -> None:
    first = browse_items(run, limit=2)
    assert (first.total, [row.position for row in first.items]) == (5, [0, 1])
    assert [row.position for row in browse_items(run, offset=4, limit=2).items] == [4]
    assert first.items[0].external_id == "d0000" and first.items[0].split == "train"


def test_items_are_found_by_state_branch_and_gates(run: int) -> None:
    failed = browse_items(run, state="failed")
    assert [(row.stage, row.error) for row in failed.items] == [("insight", "no object")]
    assert [row.position for row in browse_items(run, branch="high").items] == [2]
    unclean = browse_items(run, gate_failed=True)
    assert (unclean.total, [row.gates_failed for row in unclean.items]) == (1, [("differ",)])


def test_an_item_opens_with_its_sample_and_every_stages_result(run: int) -> None:
    opened = open_item(browse_items(run, gate_failed=True).items[0].id)
    assert opened.sample.sample.next_utterance == work.NEXT
    assert opened.results == work.stage_results()
    assert [(gate.gate, gate.detail) for gate in opened.gates_failed] == [("differ", "they are the same")]
    assert opened.perturbed == ("mining",)


def test_an_item_without_a_pair_opens(run: int) -> None:
    opened = open_item(browse_items(run, state="failed").items[0].id)
    assert (opened.row.state, opened.perturbed, opened.gates_failed) == ("failed", (), ())


def test_there_is_no_such_item(run: int) -> None:
    with pytest.raises(InputError, match="no item 999"):
        open_item(999)


def test_jobs_are_counted_at_once(run: int) -> None:
    counts = counts_by_job("synthesis")
    assert list(counts) == [run]
    assert (counts[run].done, counts[run].failed, counts[run].waiting, counts[run].total) == (3, 1, 1, 5)
    assert counts_by_job("predict") == {}


def test_what_ended_lately_leaves_out_what_is_older(run: int) -> None:
    lately = ended_lately(run, within_s=60)
    assert lately.ended == 3 and lately.first is not None
    assert 49 <= (lately.at - lately.first).total_seconds() < 60
    assert ended_lately(run, within_s=0.001).ended == 0
