"""How fast a run is and how much time is left."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

LATELY_S = 60.0  # the rate is that of the last minute: a pause or a slow start must not slow the estimate for hours
ENOUGH = 3  # endings; from so many on a rate is shown
Unit = Literal["seconds", "minutes", "hours", "days"]


@dataclass(frozen=True)
class Pace:
    """Items a minute, and the seconds that what is left takes at that rate; None while too little has ended."""

    per_minute: float | None = None
    seconds_left: float | None = None


@dataclass(frozen=True)
class Duration:
    n: int
    unit: Unit


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
    """Rounded, in the largest unit of which it has at least one and a half."""
    for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 1.5 * size:
            return Duration(round(seconds / size), unit)  # type: ignore[arg-type]
    return Duration(round(seconds), "seconds")
