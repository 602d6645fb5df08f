"""Ablations through the worker: what is frozen, stored and asked, on both databases."""

from typing import Any

import pytest
from sqlmodel import col, select

from db.engine import read
from db.tables import ItemCall, Job, SynthesisItem
from proutt_core.errors import InputError
from proutt_core.synthesis.hindsight import overlap
from proutt_core.synthesis.stages import STAGES
from proutt_core.types import PARTS, Part, Trace
from tests.fake_server import FakeServer
from tests.jobs.project import import_talks, queue_run, rows_of_run, run_here


def run_of(name: str, *without: Part, **where: str) -> int:
    job_id = queue_run(run=name, without=without, **where).job_id  # type: ignore[arg-type]
    run_here(job_id)
    return job_id


def questions(job_id: int) -> set[str]:
    with read() as session:
        items = select(SynthesisItem.id).where(SynthesisItem.job_id == job_id)
        return set(session.exec(select(ItemCall.stage).where(col(ItemCall.synthesis_item_id).in_(items))).all())


def traces(row: dict[str, Any]) -> list[Trace]:
    stored = [row["pair"][side] for side in ("chosen", "rejected")]
    return [Trace.model_validate(trace) for trace in stored if trace is not None]


def test_runs_of_every_part_left_out_are_stored_without_it(database: str) -> None:
    import_talks(8)
    for part in PARTS:
        job_id = run_of(part, part)
        rows = rows_of_run(job_id)
        assert [row["item"]["state"] for row in rows] == ["done"] * 8
        for row in rows:
            stored = traces(row)
            assert len(stored) == (1 if part == "revision" else 2)
            assert all(trace.left_out == {part} - {"revision"} for trace in stored)
        with read() as session:
            assert session.get_one(Job, job_id).settings["without"] == [part]


def test_overlaps_are_saved_with_the_item_they_were_measured_on(database: str) -> None:
    import_talks(12)
    job_id = run_of("whole")
    with read() as session:
        items = session.exec(select(SynthesisItem).where(SynthesisItem.job_id == job_id)).all()
    assert {item.branch for item in items} >= {"mid", "low"}
    measured = [item for item in items if item.overlap_insight is not None]
    assert measured and all(0 <= item.overlap_insight <= 1 for item in measured if item.overlap_insight is not None)
    for item in measured:
        assert (item.overlap_chosen is None) == (item.branch == "high")
        if item.overlap_chosen is not None:
            assert item.overlap_chosen == overlap(item.results["revised_chosen"]["reasoning"], said_in(item))
    with read() as session:
        sft = session.exec(select(SynthesisItem).where(SynthesisItem.job_id == run_of("sft", "revision"))).all()
    assert all(item.overlap_chosen is None and item.overlap_insight is None for item in sft)


def said_in(item: SynthesisItem) -> str:
    from db.datasets import dialogues

    stored = dialogues.sample_by_id(item.sample_id)
    assert stored is not None
    return stored.sample.next_utterance


def test_a_server_is_asked_less_and_after_a_whole_run_nothing_for_the_run_without_revision(
    sqlite: str,
) -> None:
    import_talks(4)
    with FakeServer() as server:
        where = {"model": "fake", "base_url": server.base_url}
        assert questions(run_of("whole", **where)) >= set(STAGES) - {"wrong_path", "revise"}
        before = len(server.calls)
        sft = run_of("sft", "revision", **where)
        assert len(server.calls) == before  # every call is answered from the log
        assert questions(sft) == set(STAGES) - {"next_path", "wrong_path", "revise"}
        assert not {"intent_tree"} & questions(run_of("treeless", "tree", **where))
        assert not {"category_label", "category_reasons"} & questions(run_of("free", "category", **where))


def test_what_leaves_no_view_is_refused_before_anything_is_queued(sqlite: str) -> None:
    import_talks(1)
    with pytest.raises(InputError, match="cannot both be left out"):
        run_of("none", "mining", "exploration")
    with read() as session:
        assert session.exec(select(Job).where(Job.kind == "synthesis")).all() == []
