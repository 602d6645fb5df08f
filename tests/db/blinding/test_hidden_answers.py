"""Answers that stay hidden: in whatever order people work and studies open, close and grow; on both databases."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlmodel import Session, select

import db.studies.studies
from db.blinding.answers_shown import Told, note_opened_study, what_is_told
from db.engine import read, write
from db.review.answers import undo_last
from db.review.filling import open_run_queues
from db.review.places import lock_queue
from db.review.queues import claim_next, progress, skip
from db.studies.comparisons import save_judgement
from db.studies.results import study_progress
from db.studies.studies import close_study, open_study
from db.tables import AnswerShown, Queue, QueueMember, Study
from proutt_core.errors import ConflictError, NotAllowed
from proutt_core.types import VerbatimPair
from tests.db import work
from tests.db.blinding.talks import (
    all_given,
    answered,
    drafted,
    for_several,
    imported,
    in_other_letters,
    of_another_study,
    open_drafted,
    opened,
    prompt_of,
    run_of,
    said,
    stored,
    talk,
    text_of,
)

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def cases(database: str) -> list[int]:
    """The samples that the study judges: of two conversations, 0 and 1."""
    return stored("chats", talk(0), talk(1), cuts=[4], split="test")


def only_claimed(queue: str, assignment: str, user: int) -> None:
    pass


def lapsed(queue: str, assignment: str, user: int) -> None:
    work.expire(assignment)


def skipped(queue: str, assignment: str, user: int) -> None:
    skip(assignment_id=assignment, user_id=user)


def done(queue: str, assignment: str, user: int) -> None:
    answered("pair", assignment, user)


def undone(queue: str, assignment: str, user: int) -> None:
    answered("pair", assignment, user)
    assert undo_last(queue_public_id=queue, user_id=user)


def skipped_and_undone(queue: str, assignment: str, user: int) -> None:
    skip(assignment_id=assignment, user_id=user)
    assert undo_last(queue_public_id=queue, user_id=user)


@pytest.mark.parametrize("then", [only_claimed, lapsed, skipped, done, undone, skipped_and_undone])
def test_whatever_was_done_with_it_once_given_it_was_read(then: Callable[[str, str, int], None]) -> None:
    early, late = work.person("early", "annotator"), work.person("late", "annotator")
    queue = run_of(stored("copy", talk(0), cuts=[2]))
    for_several(queue, 2)
    claim = claim_next(queue_public_id=queue, user_id=early)
    assert claim is not None
    then(queue, claim.assignment_id, early)
    study = opened("study", "chats", cases=2)
    assert len(all_given(study, early)) == 1
    assert len(all_given(study, late)) == 2
    # And it does not come back to the judge while the study is open.
    assert not undo_last(queue_public_id=queue, user_id=early)
    assert all_given(queue, early) == []
    close_study("study", departure="enough")
    assert len(all_given(queue, early)) == (0 if then is done else 1)


def test_a_lease_that_ran_out_on_something_hidden_is_not_counted_as_work(cases: list[int]) -> None:
    judge, other = work.person("ann", "annotator"), work.person("ben", "annotator")
    queue = run_of(cases)
    claim = claim_next(queue_public_id=queue, user_id=other)
    assert claim is not None
    work.expire(claim.assignment_id)
    work.study(cases, members=[judge])
    assert progress(queue_public_id=queue, user_id=judge).available == 0
    assert all_given(queue, judge) == []


def test_a_case_in_hand_is_not_judged_after_its_answer_was_read_elsewhere() -> None:
    judge = work.person("ann", "annotator")
    work.person("ben", "annotator")
    study = opened("study", "chats", cases=2)
    texts = {}
    while (claim := claim_next(queue_public_id=study, user_id=judge)) is not None:
        if claim.assignment_id in texts:
            break
        texts[claim.assignment_id] = text_of("compare", claim.assignment_id, judge)
        skip(assignment_id=claim.assignment_id, user_id=judge)
    (case,) = (assignment for assignment, text in texts.items() if said(0, 1) in text)
    (other,) = (assignment for assignment in texts if assignment != case)
    all_given(of_another_study(talk(0), 6)(), judge)
    with pytest.raises(NotAllowed, match="shown to you"):
        save_judgement(assignment_id=case, user_id=judge, side="tie")
    assert save_judgement(assignment_id=other, user_id=judge, side="tie") == "counted"
    assert all_given(study, judge) == []


def test_a_person_added_after_the_opening_is_a_judge_like_the_others() -> None:
    queue = run_of(stored("copy", talk(0), talk(5), cuts=[2]))
    for_several(queue, 3)
    work.person("ann", "annotator")
    work.person("ben", "annotator")
    study = opened("study", "chats", cases=2)
    reader, newcomer = work.person("reader", "annotator"), work.person("newcomer", "annotator")
    assert len(all_given(queue, reader)) == 2
    with write() as session:
        number = session.exec(select(Queue.id).where(Queue.public_id == study)).one()
        session.add_all(QueueMember(queue_id=number or 0, user_id=user) for user in (reader, newcomer))
    assert len(all_given(queue, newcomer)) == 1
    assert len(all_given(study, reader)) == 1
    assert len(all_given(study, newcomer)) == 2


def test_nothing_is_kept_from_anybody_where_no_dialogue_is_the_same() -> None:
    sample_ids = stored("others", *(talk(n) for n in range(5, 15)), cuts=[2, 4])
    pairs, trees = run_of(sample_ids), run_of(sample_ids, kind="tree", name="run-2")
    released = imported(*(VerbatimPair(prompt=prompt_of(talk(n)), chosen=said(n, 4)) for n in range(20, 30)))
    judge = work.person("ann", "reviewer")
    study = opened("study", "chats", cases=2, people=1)
    assert [len(all_given(queue, judge)) for queue in (pairs, trees, released, study)] == [20, 20, 10, 2]
    with read() as session:
        assert session.exec(select(AnswerShown)).all() == []


def test_a_draft_hides_nothing_yet() -> None:
    judge = work.person("ann", "annotator")
    queue = run_of(stored("copy", talk(0), cuts=[2]))
    drafted("study", "chats", cases=2, people=1)
    assert len(all_given(queue, judge)) == 1
    assert len(all_given(open_drafted("study"), judge)) == 1


def test_cases_are_one_a_group_and_tell_no_other_cases_answer() -> None:
    work.person("ann", "annotator")
    talks = [talk(n) for n in range(20, 26)]
    copies = [in_other_letters(talk(n)) for n in range(20, 23)] + [talk(23, system="Be brief."), talk(24, last=6)]
    stored("all cuts", *talks, cuts=[2, 4, 6], split="test", groups=["one", "one", *(f"g{n}" for n in range(4))])
    stored("with copies", *talks, *copies, cuts=[2, 4, 6], split="test")
    with pytest.raises(ConflictError, match="5 dialogue groups"):
        drafted("six", "all cuts", cases=6)
    for dataset, count in (("all cuts", 5), ("with copies", 6)):
        judge = work.person(f"judge of {dataset}", "annotator")
        study = opened(f"study of {dataset}", dataset, cases=count)
        texts = [text.casefold() for text in all_given(study, judge)]
        for text in texts:
            last = text.split("answer ")[-1].split(":")[0]  # "20-1"
            n, part = map(int, last.split("-"))
            assert not any(said(n, part + 1).casefold() in " ".join(other.split()) for other in texts)
        assert len(texts) == count
    with pytest.raises(ConflictError, match="both have"):
        drafted("seven", "with copies", cases=7)


def test_a_study_that_an_earlier_version_drew_does_not_tell_its_own_answers() -> None:
    judge = work.person("ann", "annotator")
    sample_ids = stored("all cuts", talk(20), talk(21), cuts=[2, 4], split="test")
    study = work.study([sample_ids[1], sample_ids[0], *sample_ids[2:]], members=[judge])
    given = []
    while (claim := claim_next(queue_public_id=study, user_id=judge)) is not None:
        given.append(text_of("compare", claim.assignment_id, judge))
        save_judgement(assignment_id=claim.assignment_id, user_id=judge, side="tie")
    # Of the conversation 20 the later cut came first, and tells what the earlier one asks.
    assert [said(20, 0) in text for text in given] == [True, False, False]


def test_a_study_that_opens_while_items_are_added_misses_none(cases: list[int]) -> None:
    judge = work.person("ann", "annotator")
    drafted("study", "chats", cases=2, people=1)
    job_id = work.finished_run([*cases, *stored("others", talk(5), cuts=[4])])
    added, opening = threading.Event(), threading.Event()

    def open_meanwhile() -> None:
        added.wait()
        opening.set()
        open_study("study")

    with ThreadPoolExecutor(1) as pool:
        with write() as session:
            open_run_queues(session, job_id=job_id, title="First look")
            session.flush()
            ends = pool.submit(open_meanwhile)
            added.set()
            opening.wait()
            threading.Event().wait(0.3)
        ends.result()
    assert len(all_given(work.queue_of(kind="pair", job_id=job_id), judge)) == 1


def test_items_that_are_added_while_a_study_opens_are_noted(cases: list[int]) -> None:
    judge = work.person("ann", "annotator")
    job_id = work.finished_run([*cases, *stored("others", talk(5), cuts=[4])])
    opened("study", "chats", cases=2, people=1)
    with write() as session:
        study = session.exec(select(Study)).one()
        study.state = "draft"
        session.add(study)

    def fill() -> None:
        with write() as session:
            open_run_queues(session, job_id=job_id, title="First look")

    with ThreadPoolExecutor(1) as pool:
        with write() as session:
            study = session.exec(select(Study).with_for_update()).one()
            study.state = "open"
            session.add(study)
            session.flush()
            note_opened_study(session, study.id or 0)
            ends = pool.submit(fill)
            threading.Event().wait(0.3)
        ends.result()
    assert len(all_given(work.queue_of(kind="pair", job_id=job_id), judge)) == 1


def test_a_study_opens_after_who_is_being_given_something_has_it(cases: list[int]) -> None:
    work.person("ann", "annotator")
    queue = run_of(cases)
    drafted("study", "chats", cases=2, people=1)
    with ThreadPoolExecutor(1) as pool:
        with write() as session:
            lock_queue(session, queue)
            opening = pool.submit(open_study, "study")
            threading.Event().wait(0.3)
            assert not opening.done()
        opening.result()


def test_what_was_looked_into_before_a_draft_was_drawn_anew_counts_for_nothing(
    cases: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = work.person("ann", "annotator")
    queue = run_of(stored("copy", in_other_letters(talk(0)), talk(5), cuts=[4]))
    drafted("study", "chats", cases=2, people=1)

    def then_drawn_anew(session: Session, study_id: int) -> Told:
        told = what_is_told(session, study_id)
        by_text = dict.fromkeys(told.by_text, ())
        return Told(frozenset(case + 100 for case in told.cases), by_text)

    monkeypatch.setattr(db.studies.studies, "what_is_told", then_drawn_anew)
    open_drafted("study")
    assert len(all_given(queue, judge)) == 1


def test_what_was_added_after_the_texts_were_looked_into_is_hidden_too(
    cases: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = work.person("ann", "annotator")
    drafted("study", "chats", cases=2, people=1)
    made: list[str] = []

    def then_added(session: Session, study_id: int) -> Told:
        told = what_is_told(session, study_id)
        made.append(run_of(stored("copy", in_other_letters(talk(0)), talk(5), cuts=[4])))
        return told

    monkeypatch.setattr(db.studies.studies, "what_is_told", then_added)
    open_drafted("study")
    assert len(all_given(made[0], judge)) == 1


def test_a_study_tells_how_many_answers_nobody_is_left_for() -> None:
    early, late = work.person("early", "annotator"), work.person("late", "annotator")
    queue = run_of(stored("copy", talk(0), talk(5), cuts=[2]))
    for_several(queue, 2)
    assert len(all_given(queue, early)) == 2
    study = opened("study", "chats", cases=2, people=2)
    assert lost() == 1
    assert (len(all_given(study, early)), len(all_given(study, late))) == (1, 2)
    assert lost() == 1
    person = {person.name: (person.done, person.total) for person in study_progress("study").people}
    assert person == {"early": (1, 1), "late": (2, 2)}


def test_who_read_the_answer_after_judging_the_case_is_not_missing() -> None:
    judge = work.person("ann", "annotator")
    work.person("ben", "annotator")
    study = opened("study", "chats", cases=2, people=2)
    assert len(all_given(study, judge)) == 2
    assert len(all_given(of_another_study(talk(0), 6)(), judge)) == 2
    assert lost() == 0


def lost() -> int:
    progress = study_progress("study")
    assert progress.answers_wanted == 4
    return progress.answers_lost
