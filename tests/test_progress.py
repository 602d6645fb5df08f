"""Rates, estimates, shares and groups of failures that the pages show."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from proutt_core.display.numbers import each, page_count, page_offset, percent, short
from proutt_core.runs.failures import grouped
from proutt_core.runs.halt import CALLS_REACHED, MONEY_REACHED, NEEDS_PRICE, Halt, halt
from proutt_core.runs.pace import Duration, Pace, duration, pace
from proutt_core.synthesis.hindsight import quotes

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
    assert groups[0].item_ids == (2, 3)


def test_a_group_keeps_its_key_while_others_fail() -> None:
    one = Failure(1, "revise", "cut off after 12 tokens")
    other = [Failure(n, "insight", "no object") for n in (2, 3)]
    before, after = grouped([one]), grouped([*other, one, Failure(4, "revise", "cut off after 7 tokens")])
    assert {group.key: group.count for group in after}[before[0].key] == 2
    assert len({group.key for group in after}) == 2
    # The same reason in another stage is another group.
    assert grouped([Failure(1, "insight", "cut off after 12 tokens")])[0].key != before[0].key


def test_a_reason_as_long_as_a_book_is_grouped_by_its_beginning() -> None:
    assert len(grouped([Failure(n, "insight", "x" * 300 + str(n) * 100_000) for n in (1, 2)])) == 1


@pytest.mark.parametrize(
    ("n", "expected"),
    [
        (0, "0"),
        (9_999, "9,999"),
        (10_000, "10.0 k"),
        (12_345, "12.3 k"),
        (123_456, "123 k"),
        (999_499, "999 k"),
        (999_500, "1.00 M"),
        (1_234_567, "1.23 M"),
        (45_678_901, "45.7 M"),
        (2e12, "2,000 G"),
    ],
)
def test_a_large_count_has_three_digits(n: float, expected: str) -> None:
    assert short(n) == expected


def test_how_much_falls_to_each() -> None:
    assert (each(17, 2), each(5, 0)) == ("8.5", "–")


@pytest.mark.parametrize(
    ("state", "reason", "expected"),
    [
        ("running", "", ""),
        ("cancelled", "enough", ""),
        ("paused", "", "person"),
        ("paused", f"{CALLS_REACHED} 500", "calls"),
        ("paused", f"{MONEY_REACHED} 5.00 USD", "money"),
        ("paused", f"no price is known for m at http://x; {NEEDS_PRICE}", "price"),
        ("paused", "4 items in a row got no answer", "server"),
        ("failed", "the key is wrong", "refused"),
    ],
)
def test_why_a_job_stands_still(state: str, reason: str, expected: Halt) -> None:
    assert halt(state, reason) == expected


def test_half_of_an_utterance_in_a_reasoning_is_quoting() -> None:
    assert [quotes(overlap) for overlap in (0.0, 0.49, 0.5, 1.0)] == [False, False, True, True]
