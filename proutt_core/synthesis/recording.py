"""Keeps what the stages of one sample return; the first stage that fails says why there is no pair."""

from collections.abc import Awaitable, Iterator
from typing import Any, Literal, TypeVar

from proutt_core.errors import ModelError, ModelRefused, ModelUnavailable, ReplyError
from proutt_core.types import StageResults, Value, View

T = TypeVar("T")
FailureKind = Literal["reply", "unavailable", "refused"]


class SynthesisFailure(Value):
    """Why an item has no pair. Only "reply" is the item's own fault: the others say the server is down or refuses."""

    stage: str
    kind: FailureKind
    reason: str
    raw: str = ""  # the last reply, where one came


class StageFailed(Exception):
    """Carries a stage's failure out of the group of tasks."""

    def __init__(self, stage: str, error: ModelError) -> None:
        super().__init__(stage)
        kind: FailureKind = "reply"
        if isinstance(error, ModelUnavailable):
            kind = "unavailable"
        elif isinstance(error, ModelRefused):
            kind = "refused"
        raw = error.raw if isinstance(error, ReplyError) else ""
        self.failure = SynthesisFailure(stage=stage, kind=kind, reason=str(error), raw=raw)


def first_failure(group: BaseExceptionGroup[BaseException]) -> SynthesisFailure:
    """The failure to report. Anything that is no stage's failure is a bug and is raised as it was."""
    leaves = list(_leaves(group))
    for leaf in leaves:
        if not isinstance(leaf, StageFailed):
            raise leaf
    first = leaves[0]
    assert isinstance(first, StageFailed)
    return first.failure


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


class Recorder:
    """Runs stages by name and keeps what they return, for StageResults also when a later one fails."""

    def __init__(self) -> None:
        self._results: dict[str, Any] = {}

    async def stage(self, stage: str, field: str, call: Awaitable[T], *, view: View | None = None) -> T:
        try:
            result = await call
        except ModelError as exc:
            raise StageFailed(stage, exc) from exc
        if view is None:
            self._results[field] = result
        else:
            self._results.setdefault(field, {})[view] = result
        return result

    def results(self) -> StageResults:
        return StageResults(**self._results)
