"""Everybody at once: claims, answers, skips, undoing, lost leases and a closing queue leave nothing contradictory."""

import itertools
import random
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlmodel import col, select

from db.engine import one_transaction, read
from db.review.answers import undo_last
from db.review.places import Outcome
from db.review.queues import claim_next, progress, renew, skip
from db.studies.comparisons import save_judgement
from db.tables import Assignment, EventRow, Judgement, Queue, QueueItem
from proutt_core.errors import ConflictError
from tests.db import work

pytestmark = pytest.mark.usefixtures("database")
PEOPLE, CASES, WANTED, STEPS = 5, 8, 2, 30


class Person:
    """Clicks at random, now and then after the lease was lost; what the database answered is remembered."""

    def __init__(self, queue: str, number: int) -> None:
        self.queue, self.draw = queue, random.Random(number)
        self.id = work.person(f"p{number}", "annotator")
        self.outcomes: Counter[Outcome] = Counter()
        self.undone = self.skipped = 0

    def work(self) -> None:
        try:
            for _ in range(STEPS):
                self.step()
        except ConflictError as exc:
            if "closed" not in str(exc):
                raise

    def step(self) -> None:
        if self.draw.random() < 0.2:
            self.undo()
        claim = claim_next(queue_public_id=self.queue, user_id=self.id)
        if claim is None:
            return
        held = claim.assignment_id
        match self.draw.randrange(6):
            case 0:
                self.skipped += skip(assignment_id=held, user_id=self.id)
            case 1:
                renew(assignment_id=held, user_id=self.id)
            case 2:
                work.expire(held)
                self.answer(held)
            case _:
                self.answer(held)
                self.answer(held)  # the second click, or the second tab

    def answer(self, held: str) -> None:
        side = self.draw.choice(("left", "tie", "right"))
        self.outcomes[save_judgement(assignment_id=held, user_id=self.id, side=side)] += 1

    def undo(self) -> None:
        try:
            self.undone += undo_last(queue_public_id=self.queue, user_id=self.id)
        except ConflictError as exc:
            if "Somebody else has this one now" not in str(exc):
                raise


def test_whatever_people_do_at_once_the_rows_tell_one_story() -> None:
    queue = work.study(work.samples(CASES, split="test"), everyone=True, people=WANTED)
    people = [Person(queue, number) for number in range(PEOPLE)]
    with ThreadPoolExecutor(PEOPLE) as together:
        working = [together.submit(person.work) for person in people]
        working[0].result()
        work.set_queue_state(queue, "closed")
        for worker in working:
            worker.result()

    with read() as session:
        assignments = session.exec(select(Assignment)).all()
        answers: dict[int, list[str]] = defaultdict(list)
        for judgement in session.exec(select(Judgement).order_by(col(Judgement.revision))):
            assert judgement.revision == len(answers[judgement.assignment_id]) + 1
            answers[judgement.assignment_id].append(judgement.answer)
        events = Counter(session.exec(select(EventRow.kind)).all())
        items = session.exec(select(QueueItem.id)).all()
        places = session.exec(select(QueueItem)).all()
        filled = session.exec(select(Queue.filled).where(Queue.public_id == queue)).one()

    held = Counter(a.queue_item_id for a in assignments if a.state in ("open", "done"))
    assert {item.id: item.taken for item in places} == {item.id: held[item.id or 0] for item in places}
    assert filled == sum(item.taken == item.people for item in places)
    done = Counter(a.queue_item_id for a in assignments if a.state == "done")
    assert set(done) <= set(items) and max(done.values()) <= WANTED
    assert max(Counter((a.queue_item_id, a.user_id) for a in assignments).values()) == 1
    for assignment in assignments:
        said = answers[assignment.id or 0]
        answered = bool(said) and said[-1] != "withdrawn"
        assert answered == (assignment.state in ("done", "surplus")), (assignment.state, said)
        assert all(a != b for a, b in itertools.pairwise(said) if "withdrawn" in (a, b))
    saved = sum(person.outcomes["counted"] + person.outcomes["surplus"] for person in people)
    assert saved == sum(answer != "withdrawn" for said in answers.values() for answer in said)
    assert events == Counter(answer=saved, undo=sum(p.undone for p in people), skip=sum(p.skipped for p in people))


class _TakenBack(Exception):
    pass


def given_now(queue: str, user_id: int) -> int:
    """How many things this person would be given, one after the other; nothing of it stays."""
    given = 0
    try:
        with one_transaction():
            while (claim := claim_next(queue_public_id=queue, user_id=user_id)) is not None:
                save_judgement(assignment_id=claim.assignment_id, user_id=user_id, side="tie")
                given += 1
            raise _TakenBack
    except _TakenBack:
        return given


def test_what_is_said_to_be_left_is_what_is_given() -> None:
    queue = work.study(work.samples(5, split="test"), everyone=True, people=WANTED)
    people = [Person(queue, number) for number in range(3)]
    for person in people * 10:
        person.step()
        if (
            open_one := claim_next(queue_public_id=queue, user_id=person.id)
        ) is not None and person.draw.random() < 0.4:
            work.expire(open_one.assignment_id)
        left = [progress(queue_public_id=queue, user_id=each.id).available for each in people]
        assert left == [given_now(queue, each.id) for each in people]
