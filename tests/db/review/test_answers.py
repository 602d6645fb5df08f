"""Reviews of pairs and trees: what is shown, what is stored, what an edit must be; on both databases."""

import pytest
from sqlmodel import select

from db.engine import read
from db.review.answers import pair_task, save_pair_review, save_tree_review, tree_task
from db.review.queues import claim_next
from db.tables import EventRow, PairReview, PreferencePair, TreeReview
from proutt_core.errors import InputError, NotAllowed
from tests.db import work

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def job_id() -> int:
    made = work.finished_run(work.samples(2))
    work.open_queues(made)
    return made


def claimed(kind: str, job_id: int, user: int) -> str:
    claim = claim_next(queue_public_id=work.queue_of(kind=kind, job_id=job_id), user_id=user)
    assert claim is not None
    return claim.assignment_id


def test_a_pair_task_holds_the_dialogue_both_traces_and_what_was_really_said(job_id: int) -> None:
    ann = work.person("ann", "annotator")
    task = pair_task(assignment_id=claimed("pair", job_id, ann), user_id=ann)
    assert task.context in (work.context(0), work.context(1))
    assert task.next_utterance == work.NEXT
    assert task.chosen == work.trace()
    assert task.rejected is not None
    assert task.rejected.mining != work.trace().mining
    assert task.left_is in ("chosen", "rejected")


def test_a_tree_task_holds_every_stage_result(job_id: int) -> None:
    rev = work.person("rev", "reviewer")
    task = tree_task(assignment_id=claimed("tree", job_id, rev), user_id=rev)
    assert task.results == work.stage_results()
    assert (task.branch, task.top_similarity, task.next_utterance) == ("mid", 0.6, work.NEXT)


def test_a_task_is_shown_to_nobody_else(job_id: int) -> None:
    ann, ben = work.person("ann", "annotator"), work.person("ben", "annotator")
    with pytest.raises(NotAllowed):
        pair_task(assignment_id=claimed("pair", job_id, ann), user_id=ben)


def test_rules_are_named_as_baseline_except_to_the_judges_of_an_open_study(job_id: int) -> None:
    judge, other = work.person("judge", "annotator"), work.person("other", "annotator")
    work.study(work.samples(1, split="test", name="held out"), members=[judge])
    baselines = {
        user: pair_task(assignment_id=claimed("pair", job_id, user), user_id=user).baseline for user in (judge, other)
    }
    assert baselines == {judge: False, other: True}


def test_a_model_is_not_called_a_baseline() -> None:
    job_id = work.finished_run(work.samples(1), model="openai/gpt-x")
    work.open_queues(job_id)
    ann = work.person("ann", "annotator")
    assert not pair_task(assignment_id=claimed("pair", job_id, ann), user_id=ann).baseline


def test_an_edit_is_stored_beside_the_pair_which_stays_as_it_was(job_id: int) -> None:
    ann = work.person("ann", "annotator")
    edited = work.trace(("When is the best week for maples?", "Is it crowded on Sundays?"))
    outcome = save_pair_review(
        assignment_id=claimed("pair", job_id, ann), user_id=ann, answer="approve", chosen=edited, comment=" clearer "
    )
    assert outcome == "counted"
    with read() as session:
        review = session.exec(select(PairReview)).one()
        pairs = session.exec(select(PreferencePair.chosen)).all()
        assert (review.answer, review.comment, review.rejected) == ("approve", "clearer", None)
        assert review.chosen == edited.model_dump(mode="json")
        assert all(chosen == work.trace().model_dump(mode="json") for chosen in pairs)
        assert session.exec(select(EventRow.kind).where(EventRow.user_id == ann)).one() == "edit"


def test_an_edit_that_makes_both_sides_equal_is_refused(job_id: int) -> None:
    ann = work.person("ann", "annotator")
    with pytest.raises(InputError, match="same"):
        save_pair_review(
            assignment_id=claimed("pair", job_id, ann), user_id=ann, answer="approve", rejected=work.trace()
        )


def test_a_pair_cannot_be_edited_and_rejected(job_id: int) -> None:
    ann = work.person("ann", "annotator")
    with pytest.raises(InputError, match="reject"):
        save_pair_review(assignment_id=claimed("pair", job_id, ann), user_id=ann, answer="reject", chosen=work.trace())


def test_a_tree_review_keeps_comment_and_seconds(job_id: int) -> None:
    rev = work.person("rev", "reviewer")
    assignment = claimed("tree", job_id, rev)
    save_tree_review(assignment_id=assignment, user_id=rev, answer="wrong", comment="no food topic", seconds=12.5)
    with read() as session:
        review = session.exec(select(TreeReview)).one()
    assert (review.answer, review.comment, review.seconds, review.revision) == ("wrong", "no food topic", 12.5, 1)
