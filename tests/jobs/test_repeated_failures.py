"""What a series of items that end alike says."""

import pytest

from proutt_core.errors import ModelRefused
from proutt_core.jobs.repeated_failures import Outages, Refusals


def test_five_items_without_an_answer_in_a_row_are_a_doubt_and_tries_of_one_are_none() -> None:
    outages = Outages()
    assert [outages.add(item, answered=0) for item in (1, 2, 1, 3, 4, 5)] == [False] * 5 + [True]
    assert outages.reason_to_pause("gone") == "5 items in a row got no answer, nor did a test question: gone"


def test_an_answer_in_between_begins_the_row_anew() -> None:
    outages = Outages()
    assert [outages.add(item, answered=item // 5) for item in (1, 2, 3, 4, 5, 6, 7)] == [False] * 7


def test_an_item_that_alone_gets_no_answer_has_had_its_tries_after_three_and_is_no_doubt() -> None:
    outages = Outages()
    assert [outages.add(7, answered=answered) for answered in (4, 9, 12)] == [False] * 3
    assert outages.has_had_its_tries(7)


def test_the_last_item_that_gets_no_answer_is_a_doubt_when_it_has_had_its_tries() -> None:
    outages = Outages()
    assert [outages.add(7, answered=4) for _ in range(3)] == [False, False, True]


@pytest.mark.parametrize(("answered", "expected"), [(0, 5), (9, 20)])
def test_a_server_that_answers_no_item_stops_the_giving_up(answered: int, expected: int) -> None:
    outages = Outages()
    reasons = [outages.reason_to_stop_giving_up("gone", answered=answered) for _ in range(expected)]
    assert reasons[:-1] == [None] * (expected - 1)
    assert str(reasons[-1]).startswith(f"{expected} items in a row got no answer and failed, although ")


def refused(status: int) -> ModelRefused:
    return ModelRefused(f"HTTP {status}", every_call=False, status=status)


def test_five_items_refused_alike_with_nothing_answered_speak_of_every_call() -> None:
    refusals = Refusals()
    reasons = [refusals.reason_to_fail(item, refused(400), answered=3) for item in (1, 2, 2, 3, 4, 5)]
    assert reasons[:5] == [None] * 5  # item 2 was refused twice
    assert reasons[5] == "5 items in a row were refused alike, and nothing was answered meanwhile: HTTP 400"


def test_an_answer_or_another_status_in_between_begins_the_series_anew() -> None:
    refusals = Refusals()
    series = [(1, 400, 0), (2, 400, 0), (3, 400, 0), (4, 400, 0), (5, 400, 1), (6, 413, 1), (7, 413, 1)]
    for item, status, answered in series:
        assert refusals.reason_to_fail(item, refused(status), answered=answered) is None
