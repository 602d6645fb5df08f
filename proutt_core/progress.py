"""Numbers about long work that screens show: how fast, how much is left, what failed alike, how many pages."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

LATELY_S = 60.0  # the rate is that of the last minute: a pause or a slow start must not slow the estimate for hours
ENOUGH = 3  # endings from which a rate is told
LONGEST_REASON = 200

Unit = Literal["seconds", "minutes", "hours", "days"]
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
    def stage(self) -> str: ...
    @property
    def reason(self) -> str: ...


@dataclass(frozen=True)
class FailureGroup:
    """Failures of one stage whose reasons differ in numbers and quoted words only; `reason` is the first of them."""

    stage: str
    reason: str
    count: int


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
        found.setdefault((failure.stage, _PARTICULAR.sub("…", failure.reason)[:LONGEST_REASON]), []).append(failure)
    groups = [FailureGroup(stage, alike[0].reason, len(alike)) for (stage, _), alike in found.items()]
    return sorted(groups, key=lambda group: -group.count)
