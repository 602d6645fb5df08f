"""A step of somebody's work: what they change and the claim of what comes after it, written together; and what a page
shows of one thing, read together."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from db.engine import one_reading, one_transaction
from db.review.queues import Claim, Waiting, claim_next, progress
from proutt_core.errors import ProuttError

Outcome = TypeVar("Outcome")
Task = TypeVar("Task")


@dataclass(frozen=True)
class Step(Generic[Outcome]):
    """`claim` is the next thing, or None where nothing is left; it holds only where `is_claimed`."""

    outcome: Outcome
    is_claimed: bool
    claim: Claim | None = None


def step(change: Callable[[], Outcome], *, queue_public_id: str, user_id: int) -> Step[Outcome]:
    """Make the change and claim what comes next in one transaction. Raises what the change raises; nothing is written.

    Where the claim is refused the change stays, and whoever asks for the next thing is told why there is none.
    """
    with one_transaction():
        outcome = change()
        try:
            return Step(outcome, True, claim_next(queue_public_id=queue_public_id, user_id=user_id))
        except ProuttError:
            return Step(outcome, False)


def shown(
    claim: Claim | None, task: Callable[..., Task], *, queue_public_id: str, user_id: int
) -> tuple[Waiting, Task | None]:
    """How far this person is, and what `task` reads of the thing that was claimed."""
    with one_reading():
        mine = progress(queue_public_id=queue_public_id, user_id=user_id)
        return mine, None if claim is None else task(assignment_id=claim.assignment_id, user_id=user_id)
