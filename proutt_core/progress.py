"""Numbers about long work that screens show: how fast, how much is left, what failed alike, how many pages."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

LATELY_S = 60.0  # the rate is that of the last minute: a pause or a slow start must not slow the estimate for hours
ENOUGH = 3  # endings from which a rate is told
LONGEST_REASON = 200

Unit = Literal["seconds", "minutes", "hours", "days"]
# Why a job stands still: a limit of calls or of money, a price that the limit needs, no answer from the server, a
# person, something it cannot go on with; "" while it does not stand still.
Halt = Literal["calls", "money", "price", "server", "person", "refused", ""]
# How the reasons of a budget begin and end: what the page offers then depends on it.
CALLS_REACHED, MONEY_REACHED, NEEDS_PRICE = "reached --max-calls", "reached --max-cost", "--max-cost needs it"
# Of an utterance's n-grams in a reasoning: from here on it rather quotes the utterance than predicts it. A rule of
# thumb.
QUOTED = 0.5
_PARTICULAR = re.compile(r"\"[^\"]*\"|'[^']*'|\b\d+(?:\.\d+)?\b")


@dataclass(frozen=True)
class Pace:
    """Items a minute, and the seconds that what is left takes at that rate; None while too little has ended."""

    per_minute: float | None = None
    seconds_left: float | None = None


@dataclass(frozen=True)
class Duration:
    n: int
    unit: Unit


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


def pace(*, ended: int, first: datetime | None, now: datetime, left: int) -> Pace:
    """`ended` items ended since `first`, the first of the last minute's endings."""
    if ended < ENOUGH or first is None:
        return Pace()
    seconds = (now - first).total_seconds()
    if seconds <= 0:
        return Pace()
    # Between n endings there are n - 1 intervals.
    a_second = (ended - 1) / seconds
    return Pace(per_minute=a_second * 60, seconds_left=left / a_second)


def duration(seconds: float) -> Duration:
    """In the largest unit of which there is at least one and a half, rounded."""
    for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 1.5 * size:
            return Duration(round(seconds / size), unit)  # type: ignore[arg-type]
    return Duration(round(seconds), "seconds")


def halt(state: str, reason: str) -> Halt:
    """Why a job in this state, with this reason, stands still."""
    if state == "failed":
        return "refused"
    if state != "paused":
        return ""
    if not reason:
        return "person"
    if reason.startswith(CALLS_REACHED):
        return "calls"
    if reason.startswith(MONEY_REACHED):
        return "money"
    return "price" if reason.endswith(NEEDS_PRICE) else "server"


def quotes(overlap: float) -> bool:
    """Whether so much of the next utterance in a chosen reasoning is a reason to read some of them."""
    return overlap >= QUOTED


def share(part: int, whole: int) -> float | None:
    """None of nothing."""
    return part / whole if whole else None


def percent(part: int, whole: int) -> str:
    """`95 %`; a dash of nothing. Neither 0 nor 100 unless it is exactly that."""
    of = share(part, whole)
    if of is None:
        return "–"
    if 0 < of < 0.01:
        return "< 1 %"
    if 0.99 < of < 1:
        return "> 99 %"
    return f"{round(100 * of)} %"


def each(n: float, of: int) -> str:
    """`8.5`: so much to one of them; a dash of nothing."""
    return f"{n / of:.1f}" if of else "–"


def page_count(total: int, per_page: int) -> int:
    """At least one: an empty list has an empty page."""
    return max(1, -(-total // per_page))


def page_offset(page: int, per_page: int) -> int:
    """Where the page, counted from 1, begins."""
    return (page - 1) * per_page


def grouped(failures: Iterable[Failed]) -> list[FailureGroup]:
    """Failures put together by stage and kind of reason, the most frequent first."""
    found: dict[tuple[str, str], list[Failed]] = {}
    for failure in failures:
        found.setdefault((failure.stage, _kind(failure.reason)), []).append(failure)
    groups = [
        FailureGroup(
            key=hashlib.sha256("\n".join(kind).encode("utf-8", "replace")).hexdigest()[:16],
            stage=kind[0],
            reason=alike[0].reason,
            item_ids=tuple(failure.item_id for failure in alike),
        )
        for kind, alike in found.items()
    ]
    return sorted(groups, key=lambda group: -group.count)


def _kind(reason: str) -> str:
    """The reason without what is particular to one item. Only its beginning is read: a model may have written it."""
    return _PARTICULAR.sub("…", reason[: 4 * LONGEST_REASON])[:LONGEST_REASON]


def short(n: float) -> str:
    """A large count in three digits: `9,999`, `12.3 k`, `123 k`, `1.23 M`."""
    if n < 10_000:
        return f"{n:,.0f}"
    for unit, size in (("k", 1e3), ("M", 1e6), ("G", 1e9)):
        if n < 999.5 * size:
            scaled = n / size
            return f"{scaled:.{2 if scaled < 9.995 else 1 if scaled < 99.95 else 0}f} {unit}"
    return f"{n / 1e9:,.0f} G"
