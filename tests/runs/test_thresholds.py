"""What other thresholds would change follows from the similarities alone."""

import pytest

from proutt_core.runs.bill import Bill, StageCost
from proutt_core.runs.thresholds import (
    NewCalls,
    Similarity,
    beside,
    branch_counts,
    expected_money,
    histogram,
    moved,
    new_calls,
    views_at_top,
    worries,
)
from proutt_core.types import Thresholds

PAPER = Thresholds(tau_high=0.8, tau_low=0.3)


def items(*tops: float) -> list[Similarity]:
    return [Similarity(item_id=n, top=top) for n, top in enumerate(tops)]


def test_a_line_belongs_to_what_is_above_it() -> None:
    assert branch_counts(items(0.8, 0.79, 0.3, 0.29, 0, 1), PAPER) == {"high": 2, "mid": 2, "low": 2}
    assert branch_counts([], PAPER) == {"high": 0, "mid": 0, "low": 0}


def test_histogram_holds_every_item_once_and_splits_bars_by_branch() -> None:
    bars = histogram(items(0.0, 0.04, 0.3, 0.81, 1.0), PAPER, bins=10)
    assert [sum(bar.counts.values()) for bar in bars] == [2, 0, 0, 1, 0, 0, 0, 0, 1, 1]
    assert bars[0].counts == {"high": 0, "mid": 0, "low": 2}
    assert bars[-1].counts["high"] == 1
    across = histogram(items(0.71, 0.74), Thresholds(tau_high=0.72, tau_low=0.3), bins=10)[7]
    assert across.counts == {"high": 1, "mid": 1, "low": 0}


@pytest.mark.parametrize(
    ("top", "after", "wrong", "revise"),
    [
        (0.9, Thresholds(tau_high=0.95, tau_low=0.3), 0, 1),  # high to middle: chosen is revised
        (0.9, Thresholds(tau_high=0.95, tau_low=0.92), 0, 1),  # high to low: the same
        (0.5, Thresholds(tau_high=0.8, tau_low=0.6), 0, 0),  # middle to low: nothing is missing
        (0.5, Thresholds(tau_high=0.5, tau_low=0.3), 0, 0),  # middle to high: nothing is missing
        (0.2, Thresholds(tau_high=0.8, tau_low=0.1), 2, 2),  # low to middle: both views are perturbed
        (0.2, Thresholds(tau_high=0.2, tau_low=0.1), 2, 2),  # low to high: the same
        (0.2, PAPER, 0, 0),
    ],
)
def test_only_what_the_item_lacks_is_asked(top: float, after: Thresholds, wrong: int, revise: int) -> None:
    assert new_calls(items(top), PAPER, after, views={0: 2}) == NewCalls(wrong_path=wrong, revise=revise)


def test_a_run_without_revision_has_nothing_to_revise() -> None:
    after = Thresholds(tau_high=0.8, tau_low=0.1)
    assert new_calls(items(0.2), PAPER, after, views={0: 1}, without=["revision"]) == NewCalls()


def test_moves_are_counted_by_where_from_and_where_to() -> None:
    scored = items(0.9, 0.85, 0.5, 0.2)
    assert moved(scored, PAPER, PAPER) == {}
    assert moved(scored, PAPER, Thresholds(tau_high=0.9, tau_low=0.6)) == {("high", "mid"): 1, ("mid", "low"): 1}


def test_examples_are_the_nearest_on_either_side() -> None:
    below, above = beside(items(0.1, 0.79, 0.8, 0.95, 0.7), 0.8, n=2)
    assert [one.top for one in below] == [0.79, 0.7]
    assert [one.top for one in above] == [0.8, 0.95]


def test_lopsided_branches_and_a_line_in_a_crowd_are_worth_a_word() -> None:
    assert worries(items(*[0.1] * 9), PAPER) == []  # too few to tell
    assert worries(items(*[0.1] * 90, *[0.5] * 5, *[0.9] * 5), PAPER) == [("nearly_all", "low")]
    assert ("hardly_any", "high") in worries(items(*[0.1] * 50, *[0.5] * 50), PAPER)
    assert worries(items(*[0.29, 0.31] * 10, *[0.5] * 10, *[0.9] * 10), PAPER) == [("no_room", "tau_low")]


def test_both_views_are_counted_where_both_hold_the_top_score() -> None:
    assert views_at_top({"m1": 0.4, "m2": 0.9, "e1": 0.1, "e2": 0.2}) == 1
    assert views_at_top({"m1": 0.9, "m2": 0.9, "e1": 0.1, "e2": 0.2}) == 1
    assert views_at_top({"m1": 0.9, "m2": 0.1, "e1": 0.9, "e2": 0.2}) == 2


def test_a_change_is_priced_at_what_its_stages_cost_so_far() -> None:
    bill = Bill(
        stages=(StageCost("revise", calls=10, money=2.0), StageCost("wrong_path", calls=4, money=1.0)),
        total=StageCost("", money=3.0),
    )
    assert expected_money(NewCalls(wrong_path=2, revise=5), bill) == pytest.approx(1.5)
    assert expected_money(NewCalls(), bill) == 0
    unknown = Bill(stages=(StageCost("revise", calls=10, money=None),), total=StageCost(""))
    assert expected_money(NewCalls(revise=1), unknown) is None
    assert expected_money(NewCalls(wrong_path=1), unknown) is None
