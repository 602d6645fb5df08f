"""Queues of work for people, and their answers."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from db.columns import one_of, random_id
from db.tables._fields import defaulted, json, maybe_json, time

# --- work for people --------------------------------------------------------------------------------------------------


class Queue(SQLModel, table=True):
    __table_args__ = (one_of("kind", "pair", "tree", "compare"), one_of("state", "draft", "open", "closed"))
    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(default_factory=random_id, unique=True)
    kind: str
    public_title: str
    job_id: int | None = Field(default=None, foreign_key="job.id", index=True)  # the run whose pairs or trees these are
    dataset_id: int | None = Field(default=None, foreign_key="dataset.id", index=True)  # of imported pairs
    study_id: int | None = Field(default=None, foreign_key="study.id", unique=True)  # the study whose cases these are
    state: str = "open"
    everyone: bool = False  # open to all with a fitting role; else queue_member says who
    filled: int = defaulted(0, "0")  # its items whose places are all held; kept under the queue's lock
    settings: dict[str, Any] = json()
    created_at: datetime = time()


class QueueMember(SQLModel, table=True):
    __tablename__ = "queue_member"
    __table_args__ = (sa.UniqueConstraint("queue_id", "user_id"),)
    id: int | None = Field(default=None, primary_key=True)
    queue_id: int = Field(foreign_key="queue.id")
    user_id: int = Field(foreign_key="user.id", index=True)


class QueueItem(SQLModel, table=True):
    """One thing in a queue; exactly one subject column is set, by the queue's kind."""

    __tablename__ = "queue_item"
    __table_args__ = (
        sa.CheckConstraint(
            "(pair_id IS NOT NULL AND item_id IS NULL AND case_id IS NULL)"
            " OR (pair_id IS NULL AND item_id IS NOT NULL AND case_id IS NULL)"
            " OR (pair_id IS NULL AND item_id IS NULL AND case_id IS NOT NULL)",
            name="subject",
        ),
        sa.UniqueConstraint("queue_id", "position"),
        sa.UniqueConstraint("queue_id", "pair_id"),
        sa.UniqueConstraint("queue_id", "item_id"),
        sa.UniqueConstraint("queue_id", "case_id"),
        # The database itself refuses to give an item to more people than are wanted.
        sa.CheckConstraint("taken >= 0 AND taken <= people", name="taken"),
        # What still wants people, in the order in which it is given.
        sa.Index(
            "ix_queue_item_free",
            *("queue_id", "position"),
            sqlite_where=sa.text("taken < people"),
            postgresql_where=sa.text("taken < people"),
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    queue_id: int = Field(foreign_key="queue.id")
    position: int  # random order, frozen; 0, 1, … without a gap
    pair_id: int | None = Field(default=None, foreign_key="preference_pair.id")
    item_id: int | None = Field(default=None, foreign_key="synthesis_item.id")
    case_id: int | None = Field(default=None, foreign_key="study_case.id")
    people: int = 1  # answers wanted
    taken: int = defaulted(0, "0")  # of them: given, or held under a lease; kept under the queue's lock
    treatment: str = "plain"


class AnswerShown(SQLModel, table=True):
    """This queue item shows whoever is given it what the user of this case really said next."""

    __tablename__ = "answer_shown"
    case_id: int = Field(foreign_key="study_case.id", primary_key=True, ondelete="CASCADE")
    queue_item_id: int = Field(foreign_key="queue_item.id", primary_key=True, index=True, ondelete="CASCADE")


class Assignment(SQLModel, table=True):
    """One thing given to one person under a lease. `public_id` is all that a browser sees of it.

    "open" and "done" hold a place of the item; an open one whose lease ran out is "lapsed" and holds none.
    """

    __table_args__ = (
        sa.UniqueConstraint("queue_item_id", "user_id", "role"),
        one_of("role", "annotate", "adjudicate"),
        one_of("state", "open", "lapsed", "done", "skipped", "surplus"),
        sa.Index("ix_assignment_mine", "user_id", "queue_id", "state"),
        sa.Index("ix_assignment_order", "user_id", "queue_id", "step"),
        sa.Index(
            "ix_assignment_lease",
            "queue_id",
            "lease_until",
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(default_factory=random_id, unique=True)
    queue_item_id: int = Field(foreign_key="queue_item.id", index=True)
    queue_id: int = Field(foreign_key="queue.id")  # the item's
    user_id: int = Field(foreign_key="user.id")
    role: str = "annotate"
    state: str = "open"
    step: int = defaulted(0, "0")  # what this person did last in this queue has the largest, whatever the clock says
    left_is: str = ""  # compare: "a" or "b"; pairs: "chosen" or "rejected"
    draft: dict[str, Any] = json()
    lease_until: datetime = time()
    given_at: datetime = time()
    answered_at: datetime | None = time(False)


class PairReview(SQLModel, table=True):
    __tablename__ = "pair_review"
    __table_args__ = (
        sa.UniqueConstraint("assignment_id", "revision"),
        one_of("answer", "approve", "reject", "withdrawn"),
    )
    id: int | None = Field(default=None, primary_key=True)
    assignment_id: int = Field(foreign_key="assignment.id")
    revision: int = 1
    answer: str
    chosen: dict[str, Any] | None = maybe_json()  # edited traces; None: as synthesised
    rejected: dict[str, Any] | None = maybe_json()
    comment: str = ""
    seconds: float | None = None
    created_at: datetime = time()


class TreeReview(SQLModel, table=True):
    __tablename__ = "tree_review"
    __table_args__ = (
        sa.UniqueConstraint("assignment_id", "revision"),
        one_of("answer", "correct", "partly", "wrong", "withdrawn"),
    )
    id: int | None = Field(default=None, primary_key=True)
    assignment_id: int = Field(foreign_key="assignment.id")
    revision: int = 1
    answer: str
    comment: str = ""
    seconds: float | None = None
    created_at: datetime = time()


class Judgement(SQLModel, table=True):
    """A person's verdict on a case: the method, never the side."""

    __table_args__ = (
        sa.UniqueConstraint("assignment_id", "revision"),
        one_of("answer", "a", "tie", "b", "withdrawn"),
    )
    id: int | None = Field(default=None, primary_key=True)
    assignment_id: int = Field(foreign_key="assignment.id")
    revision: int = 1
    answer: str
    comment: str = ""
    seconds: float | None = None
    created_at: datetime = time()
