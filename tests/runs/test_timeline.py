"""An item's calls on a time axis."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from proutt_core.runs.timeline import Bar, Cut, call_to_read, timeline
from proutt_core.types.calls import Call
from tests.calls import CALL, answered

ZERO = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


def call(
    stage: str,
    asked_s: float | None,
    *,
    started: float | None = None,
    took: float = 1.0,
    log: bool = False,
    valid: bool = True,
) -> Call:
    def at(seconds: float | None) -> datetime | None:
        return None if seconds is None else ZERO + timedelta(seconds=seconds)

    call = replace(CALL, stage=stage, from_cache=log, problem=None if valid else "no", asked_at=at(asked_s))
    return answered(call, started_at=at(asked_s if started is None else started), latency_s=took)


def test_bars_begin_when_the_request_went_out() -> None:
    # Asked at 0, out at 0.5, answered at 2.5; the next asked at 2.5 and answered at once, but refused.
    drawn = timeline([call("intent_tree", 0, started=0.5, took=2), call("insight", 2.5, took=1, valid=False)])
    assert drawn is not None
    assert drawn.bars == (
        Bar(0, "intent_tree", "made", asked=0.0, begins=0.5, ends=2.5),
        Bar(1, "insight", "refused", asked=2.5, begins=2.5, ends=3.5),
    )
    assert (drawn.bars[0].waited_s, drawn.bars[0].took_s) == (0.5, 2.0)
    assert (drawn.begins, drawn.seconds, drawn.cuts) == (ZERO, 3.5, ())


def test_a_reply_from_the_log_takes_no_time_whenever_it_was_made() -> None:
    # Made a day before for another item: only when this item asked counts.
    drawn = timeline([call("intent_tree", 0, started=-86_400, took=30, log=True), call("insight", 0, took=2)])
    assert drawn is not None
    assert drawn.bars[0] == Bar(0, "intent_tree", "log", asked=0.0, begins=0.0, ends=0.0)
    assert drawn.seconds == 2.0


def test_calls_are_in_the_order_in_which_they_were_asked() -> None:
    drawn = timeline([call("similarity", 5), call("intent_tree", 0), call("insight", 2)])
    assert drawn is not None
    assert [(bar.call, bar.stage) for bar in drawn.bars] == [(1, "intent_tree"), (2, "insight"), (0, "similarity")]
    assert drawn.rows == (("intent_tree", 0), ("insight", 0), ("similarity", 0))


def test_calls_of_a_stage_that_ran_beside_each_other_stand_in_lanes() -> None:
    drawn = timeline([call("revise", 0, took=2), call("revise", 1, took=2), call("revise", 4, took=1)])
    assert drawn is not None
    assert [bar.lane for bar in drawn.bars] == [0, 1, 0]
    assert drawn.rows == (("revise", 0), ("revise", 1))


def test_marks_at_one_moment_do_not_cover_each_other() -> None:
    drawn = timeline([call("revise", 0, log=True), call("revise", 0.001, log=True), call("insight", 0, took=9)])
    assert drawn is not None
    assert [bar.lane for bar in drawn.bars if bar.stage == "revise"] == [0, 1]


def test_an_hour_without_calls_is_cut_out_and_marked() -> None:
    # One second of work, an hour of pause, one second of work: 1 + 1 (the cut) + 1.
    drawn = timeline([call("intent_tree", 0), call("insight", 3_601)])
    assert drawn is not None
    assert drawn.cuts == (Cut(at=1.5, seconds=3_600.0),)
    assert [(bar.asked, bar.ends) for bar in drawn.bars] == [(0.0, 1.0), (2.0, 3.0)]
    assert drawn.seconds == 3.0


def test_a_long_call_is_no_pause() -> None:
    drawn = timeline([call("intent_tree", 0, took=100), call("insight", 101)])
    assert drawn is not None and drawn.cuts == () and drawn.seconds == 102.0


@pytest.mark.parametrize("calls", [[], [call("intent_tree", None)], [call("a", 0), call("b", None)]])
def test_calls_of_an_older_version_have_no_timeline(calls: list[Call]) -> None:
    assert timeline(calls) is None


def test_a_call_that_never_went_out_begins_when_it_was_asked() -> None:
    lost = answered(call("insight", 0, valid=False), started_at=None, latency_s=3.0)
    drawn = timeline([lost])
    assert drawn is not None and drawn.bars == (Bar(0, "insight", "refused", asked=0.0, begins=0.0, ends=3.0),)


def test_what_went_wrong_last_is_read_first() -> None:
    assert call_to_read([call("a", 0), call("b", 1, valid=False), call("b", 2, valid=False), call("c", 3)]) == 2
    assert call_to_read([call("a", 0), call("b", 1)]) == 0


def test_the_axis_has_room_at_both_ends_and_a_length() -> None:
    drawn, moment = timeline([call("a", 0, took=100)]), timeline([call("a", 0, log=True)])
    assert drawn is not None and drawn.shown == (-2.0, 102.0)
    assert moment is not None and moment.shown == (-0.02, 1.02)
