"""The search for near-duplicates as a job, and dropping the copies."""

import asyncio

import pytest

import proutt_core.jobs.whole_job
from db.accounts import events
from db.datasets import datasets, dialogues, near_duplicates
from db.engine import write
from db.jobs import jobs, whole
from db.tables import Job
from proutt_core.actions.near_duplicates import find_now
from proutt_core.errors import ConflictError, InputError
from proutt_core.jobs.kinds.near_duplicates import search as run_search
from proutt_core.jobs.process import work
from proutt_core.jobs.whole_job import run_whole_job
from tests.db.datasets.test_datasets import make, talk

LONG = "where can I find a small hotel near the station with a garden and free breakfast for two people please"
NEAR = LONG.replace("please", "thanks")  # 18 pieces of three words each, all but the last shared: 17 / 19
ZH = "我想在北京找一家离故宫比较近的酒店最好有免费的早餐和停车场谢谢"


def likenesses(dataset_id: int, **how: bool) -> list[tuple[str, str, str]]:
    return [
        (c.external_id, c.like_external_id, f"{c.similarity:.4f}") for c in near_duplicates.copies(dataset_id, **how)
    ]


def fixture() -> int:
    return make(
        "d",
        talk("a", LONG),
        talk("b", "something else altogether is said here today by nobody"),
        talk("c", NEAR, split="test"),
        talk("d", LONG, split="valid"),
        talk("e", ZH, "好", "再见吧", "好", "谢谢", language="zh"),
        talk("f", ZH + "！", "好。", "再见吧", "好", "谢谢", language="zh"),
    )


def search(dataset_id: int, threshold: float = 0.8) -> jobs.JobInfo:
    job_id = near_duplicates.queue(dataset_id=dataset_id, threshold=threshold)
    run_whole_job(jobs.required(job_id), run_search, stopping=lambda: False)
    return jobs.required(job_id)


def test_copies_are_listed_with_the_one_that_came_first_test_before_valid_before_train(database: str) -> None:
    dataset_id = fixture()
    job = search(dataset_id)
    assert (job.state, job.settings) == ("done", {"threshold": 0.8})
    assert likenesses(dataset_id) == [("a", "c", "0.8947"), ("d", "c", "0.8947"), ("f", "e", "1.0000")]
    summary = near_duplicates.summary(dataset_id)
    assert (summary.copies, summary.clusters) == (3, 2)
    assert summary.across == {("test", "train"): 1, ("test", "valid"): 1}
    assert [copy for copy, _, _ in likenesses(dataset_id, across=True)] == ["a", "d"]


def test_a_search_can_be_made_again_with_another_threshold(database: str) -> None:
    dataset_id = fixture()
    search(dataset_id)
    search(dataset_id, 1.0)
    assert sorted(copy for copy, _, _ in likenesses(dataset_id)) == ["a", "f"]
    assert near_duplicates.summary(dataset_id).across == {("valid", "train"): 1}


def test_dropping_keeps_one_of_each_cluster_and_ends_the_leak(database: str) -> None:
    dataset_id = fixture()
    search(dataset_id)
    assert near_duplicates.drop_copies(dataset_id) == 3
    left = [info.dialogue.external_id for info in dialogues.browse(dataset_id).dialogues]
    assert left == ["b", "c", "e"]
    assert datasets.required("d").samples == 1  # e's; f's went with f
    assert near_duplicates.summary(dataset_id).copies == 0
    assert near_duplicates.drop_copies(dataset_id) == 0
    (event,) = events.recent(kinds=("dataset.near_duplicates.drop",))
    assert (event.subject, event.detail) == ("d", {"dialogues": 3})
    assert search(dataset_id).state == "done"
    assert likenesses(dataset_id) == []


def test_copies_of_a_dataset_in_use_stay(database: str) -> None:
    dataset_id = fixture()
    search(dataset_id)
    with write() as session:
        session.add(Job(kind="synthesis", name="first", dataset_id=dataset_id, state="done"))
    with pytest.raises(ConflictError, match=r'the run "first" .*another name'):
        near_duplicates.drop_copies(dataset_id)
    assert datasets.required("d").dialogues == 6


def test_a_search_under_way_is_not_disturbed(database: str) -> None:
    dataset_id = fixture()
    job_id = near_duplicates.queue(dataset_id=dataset_id, threshold=0.8)
    with pytest.raises(ConflictError, match="at this moment"):
        near_duplicates.queue(dataset_id=dataset_id, threshold=0.9)
    assert whole.claim_whole(job_id, lease_s=60) is not None
    run_whole_job(jobs.required(job_id), run_search, stopping=lambda: False)  # somebody else has it
    assert jobs.list_active() == []
    assert likenesses(dataset_id) == []
    with pytest.raises(ConflictError, match="search for near-duplicates"):
        near_duplicates.drop_copies(dataset_id)


def test_a_cancelled_search_stays_cancelled_and_can_be_started_over(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proutt_core.jobs.whole_job, "LOOK_EVERY_S", 0.0)
    dataset_id = fixture()
    job_id = near_duplicates.queue(dataset_id=dataset_id, threshold=0.8)
    read = near_duplicates.texts

    def cancel_then_read(*args: object, **named: object) -> object:
        monkeypatch.setattr(near_duplicates, "texts", read)
        jobs.cancel(job_id)
        return read(*args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(near_duplicates, "texts", cancel_then_read)
    run_whole_job(jobs.required(job_id), run_search, stopping=lambda: False)
    assert jobs.required(job_id).state == "cancelled"
    jobs.resume(job_id)
    run_whole_job(jobs.required(job_id), run_search, stopping=lambda: False)
    assert jobs.required(job_id).state == "done"
    assert len(likenesses(dataset_id)) == 3


def test_a_worker_that_ends_leaves_the_search_to_the_next(database: str) -> None:
    dataset_id = fixture()
    job_id = near_duplicates.queue(dataset_id=dataset_id, threshold=0.8)
    run_whole_job(jobs.required(job_id), run_search, stopping=lambda: True)
    assert jobs.required(job_id).state == "queued"
    asyncio.run(work(until_idle=True))
    assert jobs.required(job_id).state == "done"
    assert len(likenesses(dataset_id)) == 3


def test_an_error_is_noted_with_the_job(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset_id = fixture()
    job_id = near_duplicates.queue(dataset_id=dataset_id, threshold=0.8)
    monkeypatch.setattr(near_duplicates, "clear", lambda dataset_id: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run_whole_job(jobs.required(job_id), run_search, stopping=lambda: False)
    job = jobs.required(job_id)
    assert (job.state, job.halt, "ZeroDivisionError" in job.reason) == ("failed", "refused", True)


@pytest.mark.parametrize("threshold", [0.0, 0.2, 1.5, float("nan")])
def test_a_threshold_that_makes_no_sense_is_refused(database: str, threshold: float) -> None:
    with pytest.raises(InputError, match=r"from 0\.3 to 1"):
        near_duplicates.queue(dataset_id=make("d"), threshold=threshold)


def test_in_this_process_with_its_result(database: str) -> None:
    fixture()
    assert find_now(dataset="d", threshold=0.8).copies == 3


def test_an_empty_dataset_has_none(database: str) -> None:
    make("d")
    assert find_now(dataset="d", threshold=0.8).copies == 0
