"""What a series of items that end alike says."""

from proutt_core.errors import ModelRefused
from proutt_core.jobs.repeated_failures import Outages, Refusals


def test_a_server_that_answers_nothing_is_down_and_tries_and_items_are_counted_apart() -> None:
    outages = Outages()
    reasons = []
    for item in (1, 2, 1, 2, 1):
        assert outages.try_again(item, answered=0)
        reasons.append(outages.reason_to_pause("gone"))
    assert reasons == [None] * 4 + ["5 tries in a row got no answer, of 2 items: gone"]


def test_an_item_that_alone_gets_no_answer_fails_after_three_tries() -> None:
    outages = Outages()
    tries = []
    for answered in (4, 9, 12):
        tries.append(outages.try_again(7, answered=answered))
        outages.passed()  # another item ended well
    assert tries == [True, True, False]
    assert outages.reason_to_pause("gone") is None


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
