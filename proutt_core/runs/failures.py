"""Failures that are alike, put together."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

LONGEST_REASON = 200
_PARTICULAR = re.compile(r"\"[^\"]*\"|'[^']*'|\b\d+(?:\.\d+)?\b")


class Failed(Protocol):
    @property
    def item_id(self) -> int: ...
    @property
    def stage(self) -> str: ...
    @property
    def reason(self) -> str: ...


@dataclass(frozen=True)
class FailureGroup:
    """Failures of one stage whose reasons differ in numbers and quoted words only; `reason` is the first of them.

    `key` names the group as long as one of its kind fails, however many there are and in whatever order.
    """

    key: str
    stage: str
    reason: str
    item_ids: tuple[int, ...]

    @property
    def count(self) -> int:
        return len(self.item_ids)


def grouped(failures: Iterable[Failed]) -> list[FailureGroup]:
    """Failures put together by stage and kind of reason, the most frequent first."""
    by_kind: dict[tuple[str, str], list[Failed]] = {}
    for failure in failures:
        by_kind.setdefault((failure.stage, _kind(failure.reason)), []).append(failure)
    groups = [
        FailureGroup(
            key=hashlib.sha256("\n".join(kind).encode("utf-8", "replace")).hexdigest()[:16],
            stage=kind[0],
            reason=alike[0].reason,
            item_ids=tuple(failure.item_id for failure in alike),
        )
        for kind, alike in by_kind.items()
    ]
    return sorted(groups, key=lambda group: -group.count)


def _kind(reason: str) -> str:
    """The reason without what is particular to one item. Only its beginning is read: a model may have written it."""
    return _PARTICULAR.sub("…", reason[: 4 * LONGEST_REASON])[:LONGEST_REASON]
