"""Rates, estimates, shares and groups of failures that the pages show."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from proutt_core.progress import Duration, Pace, duration, grouped, pace, page_count, page_offset, percent

NOW = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Failure:
    item_id: int
    stage: str
    reason: str


def test_the_pace_counts_the_intervals_between_endings() -> None:
    # 31 endings in 60 s are 30 intervals of 2 s: 30 a minute, and 45 items take 90 s.
    found = pace(ended=31, first=NOW - timedelta(seconds=60), now=NOW, left=45)
    assert found == Pace(per_minute=30.0, seconds_left=90.0)


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


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [(0, 0, "–"), (0, 9, "0 %"), (1, 1000, "< 1 %"), (1, 3, "33 %"), (999, 1000, "> 99 %"), (9, 9, "100 %")],
)
def test_a_percentage_is_0_or_100_only_when_it_is(part: int, whole: int, expected: str) -> None:
    assert percent(part, whole) == expected


def test_an_empty_list_has_one_page() -> None:
    assert [page_count(n, 10) for n in (0, 1, 10, 11)] == [1, 1, 1, 2]
    assert page_offset(3, 10) == 20


def test_failures_alike_but_for_numbers_and_quotes_are_one_group() -> None:
    groups = grouped(
        [
            Failure(1, "insight", 'refused: topic "Hotel" is new'),
            Failure(2, "revise", "cut off after 12 tokens"),
            Failure(3, "revise", "cut off after 4096 tokens"),
            Failure(4, "revise", "no object"),
        ]
    )
    assert [(g.stage, g.count) for g in groups] == [("revise", 2), ("insight", 1), ("revise", 1)]
    assert groups[0].reason == "cut off after 12 tokens"
