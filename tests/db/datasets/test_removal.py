"""Removing datasets that are ready: all of them goes, or a refusal that names what uses it; on both databases."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from sqlmodel import select

from db.datasets import datasets, near_duplicates
from db.datasets.removal import kept_by, remove_ready
from db.datasets.uses import hold_texts
from db.engine import one_transaction, read, write
from db.pairs.going_out import record_export
from db.review.queues import claim_next
from db.synthesis.runs import remove_run
from db.tables import (
    Dataset,
    DialogueRow,
    EventRow,
    Job,
    NearDuplicate,
    PreferencePair,
    Queue,
    QueueItem,
    SampleRow,
)
from proutt_core.actions.near_duplicates import find_now
from proutt_core.actions.prediction import prompted_method, start_prediction
from proutt_core.errors import ConflictError
from tests.db import work
from tests.db.pairs.test_imported import imported
from tests.jobs.project import DATASET, import_talks, queue_run, run_here

pytestmark = pytest.mark.usefixtures("database")

GOES = (Dataset, DialogueRow, SampleRow, NearDuplicate, PreferencePair, Queue, QueueItem, Job)


def rows(*tables: type) -> list[str]:
    with read() as session:
        return [table.__name__ for table in tables if session.exec(select(table)).first() is not None]


def test_a_dataset_that_nothing_uses_goes_whole_and_its_name_is_free() -> None:
    import_talks(8)
    find_now(dataset=DATASET, threshold=0.3)
    dataset_id = datasets.required(DATASET).id
    assert kept_by(dataset_id) == ()
    remove_ready(DATASET, user_id=work.person("rita", "researcher"))
    assert rows(*GOES) == []
    with read() as session:
        assert session.exec(select(EventRow.kind, EventRow.subject)).all()[-1] == ("dataset.remove", DATASET)
    import_talks(8)
    assert datasets.required(DATASET).dialogues == 8


def test_of_several_only_the_named_one_goes() -> None:
    import_talks(4)
    import_talks(5, name="other")
    remove_ready(DATASET)
    assert [(dataset.name, dataset.dialogues) for dataset in datasets.list_ready()] == [("other", 5)]


def a_run() -> None:
    queue_run("first")


def a_finished_run() -> None:
    run_here(queue_run("first").job_id)


def a_prediction() -> None:
    start_prediction(dataset=DATASET, method=prompted_method(name="m", model=None), split="all")


def a_search_under_way() -> None:
    near_duplicates.queue(dataset_id=datasets.required(DATASET).id, threshold=0.8)


@pytest.mark.parametrize(
    ("use", "words"),
    [
        (a_run, 'the run "first"'),
        (a_finished_run, 'the run "first"'),
        (a_prediction, 'the prediction "m on talks'),
        (a_search_under_way, 'the search for near-duplicates "talks"'),
    ],
)
def test_a_dataset_in_use_stays_and_its_use_is_named(use: Callable[[], None], words: str) -> None:
    import_talks(4)
    use()
    (kept,) = kept_by(datasets.required(DATASET).id)
    assert kept.startswith(words)
    with pytest.raises(ConflictError, match=f'"talks" cannot be removed: {words}'):
        remove_ready(DATASET)
    assert datasets.required(DATASET).dialogues == 4


def test_a_dataset_is_free_again_when_its_run_is_removed() -> None:
    import_talks(4)
    job_id = queue_run("first").job_id
    with write() as session:
        session.get_one(Job, job_id).state = "cancelled"
    remove_run(job_id)
    remove_ready(DATASET)
    assert datasets.list_ready() == []


def test_imported_pairs_go_with_the_queue_that_nobody_was_given_anything_of() -> None:
    imported(1, 2, 3)
    assert rows(Queue, QueueItem) == ["Queue", "QueueItem"]
    remove_ready("released")
    assert rows(*GOES) == []


def test_imported_pairs_that_somebody_reviews_or_that_went_out_stay() -> None:
    dataset_id = imported(1, 2, 3)
    with read() as session:
        queue = session.exec(select(Queue.public_id).where(Queue.dataset_id == dataset_id)).one()
    assert claim_next(queue_public_id=queue, user_id=work.person("ann", "annotator")) is not None
    assert kept_by(dataset_id) == ("the review of its pairs",)
    record_export(dataset_id=dataset_id, kind="sft", format="trl", status="all", path="x", sha256="0", sent=[])
    with pytest.raises(ConflictError, match="the review of its pairs, an export of its pairs would lose its ground"):
        remove_ready("released")
    assert datasets.required("released").pairs == 3


def test_what_is_being_given_at_that_moment_keeps_the_dataset() -> None:
    dataset_id, ann = imported(1, 2, 3), work.person("ann", "annotator")
    with read() as session:
        queue = session.exec(select(Queue.public_id).where(Queue.dataset_id == dataset_id)).one()
    with ThreadPoolExecutor(1) as beside:
        with one_transaction():
            claim_next(queue_public_id=queue, user_id=ann)
            removing = beside.submit(remove_ready, "released")
            wait([removing], timeout=0.5)  # long enough to come as far as it can
        with pytest.raises(ConflictError, match="the review of its pairs would lose its ground"):
            removing.result()


def test_a_removal_that_was_cut_off_is_out_of_sight_and_completed_later(monkeypatch: pytest.MonkeyPatch) -> None:
    import_talks(4)
    monkeypatch.setattr("db.datasets.removal.remove", lambda dataset_id: False)
    remove_ready(DATASET)
    assert datasets.list_ready() == []
    assert datasets.remove_unfinished(DATASET)
    assert rows(*GOES) == []


def test_nothing_can_be_started_on_a_dataset_that_is_being_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    import_talks(4)
    dataset_id = datasets.required(DATASET).id
    monkeypatch.setattr("db.datasets.removal.remove", lambda dataset_id: False)
    remove_ready(DATASET)
    with pytest.raises(ConflictError, match="was removed"), write() as session:
        hold_texts(session, dataset_id)


def test_what_is_not_there_is_said() -> None:
    with pytest.raises(ConflictError, match='no dataset that is ready is named "none"'):
        remove_ready("none")
