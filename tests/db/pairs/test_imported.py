"""Imported pairs in the database: stored once, invisible until complete, then given to people; on both databases."""

import pytest
from sqlmodel import col, select

from db.blinding.public_titles import check_titles_in_view
from db.datasets import datasets
from db.datasets.licences import set_redistributable
from db.engine import read, write
from db.pairs.imported import NewPair, append, finish
from db.review.answers import pair_task, save_pair_review
from db.review.filling import open_dataset_queue
from db.review.queues import claim_next, waiting_for
from db.tables import Dataset, EventRow, PreferencePair, Queue, QueueItem
from proutt_core.errors import ConflictError, InputError
from proutt_core.types import GateFailure, VerbatimPair
from tests.db import work

pytestmark = pytest.mark.usefixtures("database")

TEXT = VerbatimPair(prompt="p", chosen="c", rejected="r")
OTHER = work.trace(("Which week is best?", "Is it crowded on Sundays?"))


def pairs(*rows: int, parsed: bool = True) -> list[NewPair]:
    chosen, rejected = (work.trace(), OTHER) if parsed else (None, None)
    failed = (GateFailure(gate="repeated_prediction", detail="twice"),)
    return [
        NewPair(
            source_row=row,
            verbatim=TEXT,
            chosen=chosen,
            rejected=rejected,
            split="train",
            group_key=f"g{row}",
            gates_failed=failed if row == 2 else (),
        )
        for row in rows
    ]


def importing(name: str = "released") -> int:
    return datasets.create(
        name=name, public_title="Small talk", source="pref.json", settings={"seed": 0}, format="proutt", kind="pairs"
    )


def imported(*rows: int, parsed: bool = True, name: str = "released") -> int:
    dataset_id = importing(name)
    append(dataset_id, pairs(*rows, parsed=parsed))
    finish(dataset_id, format="proutt", report={"imported": len(rows)})
    return dataset_id


def queue_of(dataset_id: int) -> str:
    with read() as session:
        return session.exec(select(Queue.public_id).where(Queue.dataset_id == dataset_id)).one()


def test_a_batch_that_comes_again_is_stored_once() -> None:
    dataset_id = importing()
    assert append(dataset_id, pairs(1, 2)) == 2
    assert append(dataset_id, pairs(1, 2, 3)) == 1
    with read() as session:
        rows = session.exec(select(PreferencePair).order_by(col(PreferencePair.source_row))).all()
    assert [(row.source_row, row.dataset_id, row.job_id) for row in rows] == [(n, dataset_id, None) for n in (1, 2, 3)]
    assert [len(row.gates_failed) for row in rows] == [0, 1, 0]


def test_an_import_under_way_is_invisible_and_can_be_removed() -> None:
    append(importing(), pairs(1, 2))
    assert datasets.list_ready() == []
    ann = work.person("ann", "annotator")
    assert waiting_for(ann) == []
    assert datasets.remove_unfinished("released")
    with read() as session:
        assert session.exec(select(PreferencePair)).all() == []
        assert session.exec(select(Dataset)).all() == []


def test_when_complete_it_is_listed_and_its_pairs_are_given_out_under_its_public_title() -> None:
    dataset_id = imported(1, 2, 3)
    (dataset,) = datasets.list_ready()
    assert (dataset.kind, dataset.pairs, dataset.pairs_by_split, dataset.dialogues) == ("pairs", 3, {"train": 3}, 0)
    ann = work.person("ann", "annotator")
    (mine,) = waiting_for(ann)
    assert (mine.kind, mine.title, mine.available) == ("pair", "Small talk", 3)
    with write() as session:
        open_dataset_queue(session, dataset_id=dataset_id, title="Small talk")
    with read() as session:
        assert len(session.exec(select(QueueItem)).all()) == 3
    with pytest.raises(ConflictError):
        append(dataset_id, pairs(4))
    with pytest.raises(ConflictError):
        finish(dataset_id, format="proutt", report={})


def test_another_title_is_on_its_queue_and_is_checked_when_a_study_opens() -> None:
    imported(1)
    datasets.retitle(name="released", public_title="Talk of horses")
    assert waiting_for(work.person("ann", "annotator"))[0].title == "Talk of horses"
    work.study(work.samples(1, split="test"), marker="zebra-method")
    with read() as session:
        check_titles_in_view(session)
    datasets_title = "Pairs for zebra-method-a-study-1"
    with write() as session:
        session.exec(select(Queue).where(col(Queue.dataset_id).is_not(None))).one().public_title = datasets_title
    with read() as session, pytest.raises(InputError, match="released"):
        check_titles_in_view(session)


def test_a_pair_is_given_with_its_texts_and_approved_edited() -> None:
    dataset_id = imported(1)
    ann = work.person("ann", "annotator")
    claim = claim_next(queue_public_id=queue_of(dataset_id), user_id=ann)
    assert claim is not None
    task = pair_task(assignment_id=claim.assignment_id, user_id=ann)
    assert (task.verbatim, task.context, task.next_utterance, task.baseline) == (TEXT, (), None, False)
    assert (task.chosen, task.rejected) == (work.trace(), OTHER)
    with pytest.raises(InputError, match="needs a difference"):
        save_pair_review(assignment_id=claim.assignment_id, user_id=ann, answer="approve", chosen=OTHER)
    better = work.trace(("Better?", "Is it crowded on Sundays?"))
    assert (
        save_pair_review(assignment_id=claim.assignment_id, user_id=ann, answer="approve", chosen=better) == "counted"
    )


def test_what_is_kept_as_text_cannot_be_edited_but_answered() -> None:
    dataset_id = imported(1, parsed=False)
    ann = work.person("ann", "annotator")
    claim = claim_next(queue_public_id=queue_of(dataset_id), user_id=ann)
    assert claim is not None
    task = pair_task(assignment_id=claim.assignment_id, user_id=ann)
    assert (task.chosen, task.rejected, task.verbatim) == (None, None, TEXT)
    with pytest.raises(InputError, match="no trace"):
        save_pair_review(assignment_id=claim.assignment_id, user_id=ann, answer="approve", chosen=OTHER)
    assert save_pair_review(assignment_id=claim.assignment_id, user_id=ann, answer="reject") == "counted"


def test_the_licence_is_corrected_with_a_reason_that_is_kept() -> None:
    imported(1)
    set_redistributable(name="released", redistributable=False, reason=" asked the authors ")
    assert not datasets.required("released").redistributable
    with read() as session:
        event = session.exec(select(EventRow).where(EventRow.kind == "dataset.licence")).one()
    assert (event.subject, event.detail) == ("released", {"redistributable": False, "reason": "asked the authors"})
    with pytest.raises(InputError, match="say why"):
        set_redistributable(name="released", redistributable=True, reason=" ")
    with pytest.raises(InputError, match="no dataset"):
        set_redistributable(name="none", redistributable=True, reason="x")
