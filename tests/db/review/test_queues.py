"""Handing out work: nothing twice to one person, no more answers than wanted, nothing lost; on both databases."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

import db.review.places
import db.review.queues
from db.columns import now, row_id
from db.engine import read, write
from db.review.answers import save_pair_review, save_tree_review, undo_last
from db.review.filling import open_run_queues
from db.review.queues import claim_next, renew, skip, titles, waiting_for
from db.tables import Assignment, Queue, QueueItem
from proutt_core.errors import ConflictError, NotAllowed
from tests.db import work

pytestmark = pytest.mark.usefixtures("database")


def claimed(queue: str, user: int) -> str:
    claim = claim_next(queue_public_id=queue, user_id=user)
    assert claim is not None
    return claim.assignment_id


def item_of(assignment_id: str) -> int:
    with read() as session:
        return session.exec(select(Assignment.queue_item_id).where(Assignment.public_id == assignment_id)).one()


def state_of(assignment_id: str) -> str:
    with read() as session:
        return session.exec(select(Assignment.state).where(Assignment.public_id == assignment_id)).one()


@pytest.fixture
def pair_queue() -> str:
    job_id = work.finished_run(work.samples(3))
    work.open_queues(job_id)
    return work.queue_of(kind="pair", job_id=job_id)


def set_people(queue: str, people: int) -> None:
    with write() as session:
        items = session.exec(
            select(QueueItem).join(Queue, col(Queue.id) == QueueItem.queue_id).where(Queue.public_id == queue)
        )
        for item in items:
            item.people = people
            session.add(item)


def test_eight_threads_on_sixty_items_with_three_people_each_over_assign_and_lose_nothing() -> None:
    job_id = work.finished_run(work.samples(60))
    work.open_queues(job_id)
    queue = work.queue_of(kind="pair", job_id=job_id)
    set_people(queue, 3)
    people = [work.person(f"p{n}", "annotator") for n in range(8)]
    start = threading.Barrier(8)

    def work_through(user: int) -> list[int]:
        start.wait()
        done = []
        while (claim := claim_next(queue_public_id=queue, user_id=user)) is not None:
            assert save_pair_review(assignment_id=claim.assignment_id, user_id=user, answer="approve") == "counted"
            done.append(item_of(claim.assignment_id))
        return done

    with ThreadPoolExecutor(8) as pool:
        answered = list(pool.map(work_through, people))
    assert all(len(items) == len(set(items)) for items in answered)
    assert Counter(Counter(item for items in answered for item in items).values()) == {3: 60}


def test_claims_at_the_same_moment_without_answers_never_give_one_place_twice() -> None:
    job_id = work.finished_run(work.samples(5))
    work.open_queues(job_id)
    queue = work.queue_of(kind="pair", job_id=job_id)
    people = [work.person(f"p{n}", "annotator") for n in range(8)]
    start = threading.Barrier(8)

    def claim(user: int) -> str | None:
        start.wait()
        assignment = claim_next(queue_public_id=queue, user_id=user)
        return None if assignment is None else assignment.assignment_id

    with ThreadPoolExecutor(8) as pool:
        claims = [found for found in pool.map(claim, people) if found]
    assert len(claims) == len({item_of(found) for found in claims}) == 5


def test_two_tabs_claiming_at_once_hold_one_assignment(pair_queue: str) -> None:
    user = work.person("ann", "annotator")
    start = threading.Barrier(2)

    def claim(_tab: int) -> str:
        start.wait()
        return claimed(pair_queue, user)

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(claim, range(2))
    assert first == second


def test_a_refresh_gives_the_same_assignment_again(pair_queue: str) -> None:
    user = work.person("ann", "annotator")
    assert claimed(pair_queue, user) == claimed(pair_queue, user)


def test_the_order_is_the_frozen_one_and_not_the_order_of_the_run() -> None:
    job_id = work.finished_run(work.samples(20))
    work.open_queues(job_id)
    with read() as session:
        pairs = session.exec(
            select(QueueItem.pair_id).where(col(QueueItem.pair_id).is_not(None)).order_by(col(QueueItem.position))
        ).all()
    assert sorted(pairs) != pairs
    assert len(set(pairs)) == 20


def test_an_expired_lease_is_free_for_somebody_else(pair_queue: str) -> None:
    ann, ben = work.person("ann", "annotator"), work.person("ben", "annotator")
    first = claimed(pair_queue, ann)
    assert item_of(claimed(pair_queue, ben)) != item_of(first)
    cat = work.person("cat", "annotator")
    work.expire(first)
    assert item_of(claimed(pair_queue, cat)) == item_of(first)


def test_a_late_answer_counts_while_the_place_is_free(pair_queue: str) -> None:
    ann = work.person("ann", "annotator")
    first = claimed(pair_queue, ann)
    work.expire(first)
    assert save_pair_review(assignment_id=first, user_id=ann, answer="reject") == "counted"


def test_a_late_answer_to_a_taken_place_is_kept_as_surplus(pair_queue: str) -> None:
    ann, ben = work.person("ann", "annotator"), work.person("ben", "annotator")
    first = claimed(pair_queue, ann)
    work.expire(first)
    second = claimed(pair_queue, ben)
    assert item_of(second) == item_of(first)
    assert save_pair_review(assignment_id=first, user_id=ann, answer="reject") == "surplus"
    assert save_pair_review(assignment_id=second, user_id=ben, answer="approve") == "counted"
    assert (state_of(first), state_of(second)) == ("surplus", "done")


def test_whoever_lost_the_place_is_given_something_else(pair_queue: str) -> None:
    ann, ben = work.person("ann", "annotator"), work.person("ben", "annotator")
    first = claimed(pair_queue, ann)
    work.expire(first)
    claimed(pair_queue, ben)
    assert claimed(pair_queue, ann) != first


def test_renewing_keeps_the_place_and_cannot_take_back_a_lost_one(pair_queue: str) -> None:
    ann, ben = work.person("ann", "annotator"), work.person("ben", "annotator")
    first = claimed(pair_queue, ann)
    work.expire(first)
    assert renew(assignment_id=first, user_id=ann)
    assert item_of(claimed(pair_queue, ben)) != item_of(first)
    second = claimed(pair_queue, ben)
    work.expire(second)
    cat = work.person("cat", "annotator")
    assert item_of(claimed(pair_queue, cat)) == item_of(second)
    assert not renew(assignment_id=second, user_id=ben)


def test_skipped_ones_come_back_last_in_the_order_of_skipping(pair_queue: str) -> None:
    ann = work.person("ann", "annotator")
    first = claimed(pair_queue, ann)
    assert skip(assignment_id=first, user_id=ann)
    second = claimed(pair_queue, ann)
    assert skip(assignment_id=second, user_id=ann)
    third = claimed(pair_queue, ann)
    assert len({first, second, third}) == 3
    save_pair_review(assignment_id=third, user_id=ann, answer="approve")
    assert claimed(pair_queue, ann) == first
    save_pair_review(assignment_id=first, user_id=ann, answer="approve")
    assert claimed(pair_queue, ann) == second


def test_a_skipped_one_is_free_for_others_and_does_not_come_back_when_they_took_it(pair_queue: str) -> None:
    ann, ben = work.person("ann", "annotator"), work.person("ben", "annotator")
    first = claimed(pair_queue, ann)
    skip(assignment_id=first, user_id=ann)
    for _n in range(3):
        save_pair_review(assignment_id=claimed(pair_queue, ben), user_id=ben, answer="approve")
    assert claim_next(queue_public_id=pair_queue, user_id=ann) is None


def test_a_second_skip_does_nothing(pair_queue: str) -> None:
    ann = work.person("ann", "annotator")
    first = claimed(pair_queue, ann)
    assert skip(assignment_id=first, user_id=ann)
    assert not skip(assignment_id=first, user_id=ann)


def test_skipping_what_was_answered_in_another_tab_does_not_undo_it(pair_queue: str) -> None:
    ann = work.person("ann", "annotator")
    first = claimed(pair_queue, ann)
    save_pair_review(assignment_id=first, user_id=ann, answer="approve")
    assert not skip(assignment_id=first, user_id=ann)
    assert state_of(first) == "done"


def test_a_closed_queue_gives_and_takes_nothing(pair_queue: str) -> None:
    ann = work.person("ann", "annotator")
    first = claimed(pair_queue, ann)
    work.set_queue_state(pair_queue, "closed")
    with pytest.raises(ConflictError, match="closed"):
        claim_next(queue_public_id=pair_queue, user_id=ann)
    with pytest.raises(ConflictError, match="closed"):
        save_pair_review(assignment_id=first, user_id=ann, answer="approve")
    with pytest.raises(ConflictError, match="closed"):
        undo_last(queue_public_id=pair_queue, user_id=ann)
    assert state_of(first) == "open"


def test_a_tree_queue_is_not_for_annotators() -> None:
    job_id = work.finished_run(work.samples(1))
    work.open_queues(job_id)
    queue = work.queue_of(kind="tree", job_id=job_id)
    annotator, reviewer = work.person("ann", "annotator"), work.person("rev", "reviewer")
    with pytest.raises(NotAllowed, match="roles"):
        claim_next(queue_public_id=queue, user_id=annotator)
    assert save_tree_review(assignment_id=claimed(queue, reviewer), user_id=reviewer, answer="partly") == "counted"


def test_a_revoked_role_ends_the_work_at_once(pair_queue: str) -> None:
    user = work.person("ann")
    work.give_role(user, "annotator", revoked=now())
    with pytest.raises(NotAllowed):
        claim_next(queue_public_id=pair_queue, user_id=user)


def test_somebody_elses_assignment_cannot_be_answered_skipped_or_renewed(pair_queue: str) -> None:
    ann, ben = work.person("ann", "annotator"), work.person("ben", "annotator")
    first = claimed(pair_queue, ann)
    with pytest.raises(NotAllowed):
        save_pair_review(assignment_id=first, user_id=ben, answer="approve")
    with pytest.raises(NotAllowed):
        skip(assignment_id=first, user_id=ben)
    with pytest.raises(NotAllowed):
        renew(assignment_id=first, user_id=ben)


def test_a_pair_cannot_be_answered_as_a_tree(pair_queue: str) -> None:
    ann = work.person("ann", "annotator")
    with pytest.raises(NotAllowed):
        save_tree_review(assignment_id=claimed(pair_queue, ann), user_id=ann, answer="correct")


def test_opening_the_queues_of_a_run_twice_adds_nothing() -> None:
    job_id = work.finished_run(work.samples(4))
    work.open_queues(job_id)
    work.open_queues(job_id)
    with read() as session:
        assert len(session.exec(select(Queue)).all()) == 2
        assert len(session.exec(select(QueueItem)).all()) == 8


def test_items_of_a_longer_run_join_at_the_end_of_its_queues() -> None:
    sample_ids = work.samples(6)
    job_id = work.finished_run(sample_ids[:4])
    work.open_queues(job_id)
    with read() as session:
        before = {(item.pair_id, item.item_id): item.position for item in session.exec(select(QueueItem))}
    with write() as session:
        for position in (4, 5):
            work.add_item(session, job_id=job_id, sample_id=sample_ids[position], position=position)
        session.flush()
        open_run_queues(session, job_id=job_id, title="First look")
    with read() as session:
        after = {(item.pair_id, item.item_id): item.position for item in session.exec(select(QueueItem))}
    assert {key: after[key] for key in before} == before
    assert sorted(position for key, position in after.items() if key not in before) == [4, 4, 5, 5]


def test_waiting_counts_what_i_did_and_what_is_left_for_me(pair_queue: str) -> None:
    ann, ben = work.person("ann", "annotator"), work.person("ben", "annotator")
    save_pair_review(assignment_id=claimed(pair_queue, ann), user_id=ann, answer="approve")
    claimed(pair_queue, ann)
    mine, others = waiting_for(ann), waiting_for(ben)
    assert [(w.kind, w.done, w.total, w.available) for w in mine] == [("pair", 1, 3, 2)]
    # ann's answer and ann's lease leave one for ben
    assert [(w.kind, w.done, w.total, w.available) for w in others] == [("pair", 0, 1, 1)]


def test_titles_lists_only_queues_of_that_kind_that_i_may_work_in(pair_queue: str) -> None:
    ann = work.person("ann", "annotator")
    assert titles(kind="pair", user_id=ann) == ((pair_queue, "First look"),)
    assert titles(kind="tree", user_id=ann) == ()


def test_a_case_of_an_open_study_is_hidden_from_its_judges_on_pair_and_tree_queues() -> None:
    sample_ids = work.samples(3)
    job_id = work.finished_run(sample_ids)
    work.open_queues(job_id)
    judge, other = work.person("judge", "reviewer"), work.person("other", "reviewer")
    work.study(sample_ids[:2], members=[judge])
    for kind in ("pair", "tree"):
        queue = work.queue_of(kind=kind, job_id=job_id)
        waiting = {
            user: w.available for user in (judge, other) for w in waiting_for(user) if w.queue_public_id == queue
        }
        assert waiting == {judge: 1, other: 3}
        skip(assignment_id=claimed(queue, judge), user_id=judge)
        again = claimed(queue, judge)
        save = save_pair_review if kind == "pair" else save_tree_review
        answer = "approve" if kind == "pair" else "correct"
        save(assignment_id=again, user_id=judge, answer=answer)  # type: ignore[operator]
        assert claim_next(queue_public_id=queue, user_id=judge) is None


def test_a_pair_given_before_the_study_opened_is_taken_away_from_its_judge() -> None:
    sample_ids = work.samples(1)
    job_id = work.finished_run(sample_ids)
    work.open_queues(job_id)
    queue = work.queue_of(kind="pair", job_id=job_id)
    judge = work.person("judge", "annotator")
    claimed(queue, judge)
    work.study(sample_ids, members=[judge])
    assert claim_next(queue_public_id=queue, user_id=judge) is None


def test_a_lease_in_force_counts_as_taken_for_others_but_not_for_its_holder(pair_queue: str) -> None:
    ann, ben = work.person("ann", "annotator"), work.person("ben", "annotator")

    def available() -> tuple[int, ...]:
        return tuple(queue.available for person in (ann, ben) for queue in waiting_for(person))

    before = available()
    held = claimed(pair_queue, ann)
    assert available() == (before[0], before[1] - 1)
    work.expire(held)
    assert available() == before
    assert item_of(claimed(pair_queue, ben)) == item_of(held)
    assert available() == (before[0] - 1, before[1])


def taken_and_held() -> tuple[list[int], list[int]]:
    """Of every item: the count that is kept, and what the assignments say."""
    holds = col(Assignment.state).in_(["open", "done"])
    with read() as session:
        kept = session.exec(select(QueueItem.id, QueueItem.taken).order_by(col(QueueItem.id))).all()
        counted = Counter(session.exec(select(Assignment.queue_item_id).where(holds)))
    return [taken for _, taken in kept], [counted[row_id(number)] for number, _ in kept]


def test_the_count_of_places_taken_is_what_the_assignments_hold(pair_queue: str) -> None:
    ann, ben = work.person("ann", "annotator"), work.person("ben", "annotator")
    first = claimed(pair_queue, ann)
    save_pair_review(assignment_id=first, user_id=ann, answer="approve")
    second = claimed(pair_queue, ann)
    skip(assignment_id=second, user_id=ann)
    third = claimed(pair_queue, ben)
    work.expire(third)
    claimed(pair_queue, ann)
    undo_last(queue_public_id=pair_queue, user_id=ann)
    save_pair_review(assignment_id=third, user_id=ben, answer="reject")
    kept, held = taken_and_held()
    assert kept == held and sum(kept) >= 2


def test_the_database_itself_refuses_to_give_an_item_to_more_people_than_are_wanted(pair_queue: str) -> None:
    with pytest.raises(IntegrityError), write() as session:
        item = session.exec(select(QueueItem)).first()
        assert item is not None
        item.taken = item.people + 1


def test_undo_takes_back_what_was_done_last_also_when_the_clock_was_set_back(
    pair_queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = work.person("ann", "annotator")
    first = claimed(pair_queue, ann)
    save_pair_review(assignment_id=first, user_id=ann, answer="approve")
    yesterday = now() - timedelta(days=1)
    for module in (db.review.places, db.review.queues):
        monkeypatch.setattr(module, "now", lambda: yesterday)
    second = claimed(pair_queue, ann)
    save_pair_review(assignment_id=second, user_id=ann, answer="reject")
    assert undo_last(queue_public_id=pair_queue, user_id=ann)
    assert (state_of(first), state_of(second)) == ("done", "open")
    assert claimed(pair_queue, ann) == second
