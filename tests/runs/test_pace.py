"""How fast a run is and how much time is left."""

from datetime import UTC, datetime, timedelta

import pytest

from proutt_core.runs.pace import Duration, Pace, duration, pace

NOW = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


def test_the_pace_counts_the_intervals_between_endings() -> None:
    # 31 endings in 60 s are 30 intervals of 2 s: 30 a minute, and 45 items take 90 s.
    measured = pace(ended=31, first=NOW - timedelta(seconds=60), now=NOW, left=45)
    assert measured == Pace(per_minute=30.0, seconds_left=90.0)


@pytest.mark.parametrize(("ended", "first"), [(0, None), (2, NOW - timedelta(seconds=9)), (9, NOW)])
def test_too_little_has_ended_to_tell_a_pace(ended: int, first: datetime | None) -> None:
    assert pace(ended=ended, first=first, now=NOW, left=10) == Pace()


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.4, Duration(0, "seconds")),
        (89, Duration(89, "seconds")),
        (90, Duration(2, "minutes")),
        (5_399, Duration(90, "minutes")),
        (5_400, Duration(2, "hours")),
        (200_000, Duration(2, "days")),
    ],
)
def test_a_duration_is_told_in_one_unit(seconds: float, expected: Duration) -> None:
    assert duration(seconds) == expected
