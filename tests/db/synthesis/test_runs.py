"""Hindsight of a run, removing one of which nothing came, and what is noted when a job's state changes."""

from datetime import timedelta

import pytest
from sqlmodel import select

from db.accounts.events import recent
from db.columns import now
from db.datasets import datasets
from db.engine import read, write
from db.jobs import jobs
from db.synthesis import runs as synthesis
from db.synthesis.runs import Overlap, overlaps, removable, remove_run
from db.tables import ItemCall, Job, JobUsage, LlmCall, PreferencePair, SynthesisItem
from proutt_core.errors import ConflictError
from proutt_core.types.halts import Standstill
from tests.db import work


def new_run(name: str = "night", count: int = 3) -> int:
    samples = work.samples(count, name=f"talks of {name}")
    with write() as session:
        job = Job(kind="synthesis", name=name, settings={"seed": 0, "model": "m"}, state="paused", reason="it is down")
        session.add(job)
        session.flush()
        assert job.id is not None
        session.add_all(
            SynthesisItem(job_id=job.id, sample_id=sample_id, position=n) for n, sample_id in enumerate(samples)
        )
        return job.id


def change_items(job_id: int, **values: object) -> None:
    with write() as session:
        for item in session.exec(select(SynthesisItem).where(SynthesisItem.job_id == job_id)):
            item.sqlmodel_update(values)


def test_hindsight_is_averaged_by_branch_over_what_was_measured(database: str) -> None:
    job_id = work.finished_run(work.samples(4))
    measured = [("mid", 0.4, 0.1), ("mid", 0.2, 0.3), ("low", 0.5, 0.0), ("high", None, 0.9)]
    with write() as session:
        for item in session.exec(select(SynthesisItem)):
            item.branch, item.overlap_chosen, item.overlap_insight = measured[item.position]
    averages = overlaps(job_id)
    assert set(averages) == {"mid", "low"}
    assert averages["low"] == Overlap(items=1, chosen=0.5, insight=0.0)
    assert averages["mid"].items == 2
    assert averages["mid"].chosen == pytest.approx(0.3) and averages["mid"].insight == pytest.approx(0.2)


def test_a_run_of_which_nothing_came_frees_its_name_and_keeps_its_calls(database: str) -> None:
    person = work.person("res", "researcher")
    job_id = new_run()
    with write() as session:
        item = session.exec(select(SynthesisItem)).first()
        call = LlmCall(
            key="k", stage="insight", valid=True, request=b"", reply="{}", address="a", model="m", answered_by=""
        )
        session.add(call)
        session.flush()
        assert item is not None and call.id is not None
        session.add(ItemCall(synthesis_item_id=item.id, stage="insight", call_id=call.id))
        session.add(JobUsage(job_id=job_id, process="p", stage="insight", answered_by="", provider="", calls=1))
    assert removable(job_id)
    remove_run(job_id, user_id=person)
    with read() as session:
        assert [session.exec(select(table)).all() for table in (Job, SynthesisItem, ItemCall, JobUsage)] == [[]] * 4
        assert len(session.exec(select(LlmCall)).all()) == 1
    event = recent(limit=1)[0]
    assert (event.user, event.kind, event.subject) == ("res", "job.remove", 'run "night"')
    assert jobs.find(kind="synthesis", name="night") is None  # the name is free


def test_a_run_with_a_finished_item_a_pair_or_work_under_way_is_kept(database: str) -> None:
    finished = new_run("finished")
    change_items(finished, finished_at=now())
    pairs = work.finished_run(work.samples(1, name="with pairs"), name="pairs")
    going = new_run("going")
    jobs.resume(going)
    for job_id in (finished, pairs, going):
        assert not removable(job_id)
        with pytest.raises(ConflictError, match="it is kept"):
            remove_run(job_id)
    with read() as session:
        assert len(session.exec(select(PreferencePair)).all()) == 1


def test_a_run_whose_last_calls_are_still_ending_is_removed_later(database: str) -> None:
    job_id = new_run()
    change_items(job_id, state="running", lease_until=now() + timedelta(seconds=60))
    with pytest.raises(ConflictError, match="try again"):
        remove_run(job_id)
    change_items(job_id, lease_until=now() - timedelta(seconds=1))  # its worker was killed
    remove_run(job_id)
    assert jobs.get(job_id) is None


def test_who_changed_a_job_is_noted(database: str) -> None:
    person = work.person("res", "researcher")
    work.samples(1)
    started = synthesis.start_run(
        name="night",
        dataset_id=datasets.required("dialogues").id,
        settings={"split": "train", "seed": 0},
        created_by=person,
    )
    jobs.pause(started.job_id, user_id=person)
    jobs.set_limits(started.job_id, max_calls=10, max_cost=None, user_id=person)
    jobs.resume(started.job_id, user_id=person)
    jobs.halt(started.job_id, Standstill("server", "it is down"))
    jobs.cancel(started.job_id, user_id=person)
    events = [(event.user, event.kind, event.detail) for event in reversed(recent())]
    assert events == [
        ("res", "job.start", {}),
        ("res", "job.paused", {}),
        ("res", "job.limits", {"max_calls": 10, "max_cost": None}),
        ("res", "job.queued", {}),
        (None, "job.paused", {"reason": "it is down"}),
        ("res", "job.cancelled", {}),
    ]
    assert {event.subject for event in recent()} == {'run "night"'}


def test_a_change_that_is_refused_is_not_noted(database: str) -> None:
    job_id = new_run()
    with pytest.raises(ConflictError):
        jobs.pause(job_id)
    jobs.halt(job_id, Standstill("refused", "too late: it is paused already"))
    assert recent() == []
