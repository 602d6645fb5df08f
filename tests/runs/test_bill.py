"""Tokens times prices, worked by hand."""

from dataclasses import dataclass
from datetime import date

import pytest

from proutt_core.runs.bill import FREE, Bill, make_bill, money_for, shown_money


@dataclass(frozen=True)
class Used:
    stage: str = "insight"
    calls: int = 1
    cached_calls: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    unmetered_calls: int = 0
    calls_without_schema: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Rate:
    currency: str = "USD"
    prompt: float = 3.0
    cached: float = 0.5
    completion: float = 15.0
    since: date | None = date(2026, 1, 31)
    source: str = "a page"


def test_cached_prompt_tokens_are_charged_at_the_cached_price() -> None:
    # 600,000 at 3 a million = 1.80, 400,000 at 0.50 = 0.20, 100,000 at 15 = 1.50
    used = Used(prompt_tokens=1_000_000, cached_tokens=400_000, completion_tokens=100_000)
    assert money_for(used, Rate()) == pytest.approx(3.5)


def test_a_server_that_counts_more_cached_tokens_than_prompt_tokens_makes_no_negative_price() -> None:
    assert money_for(Used(prompt_tokens=10, cached_tokens=1_000_000), Rate()) == pytest.approx(0.5)


def test_a_bill_adds_up_by_stage_whoever_answered() -> None:
    rows = [
        Used(stage="intent_tree", calls=2, cached_calls=1, prompt_tokens=1_000, completion_tokens=100, seconds=1.0),
        Used(stage="revise", calls=3, prompt_tokens=2_000, cached_tokens=1_000, completion_tokens=300, seconds=2.0),
        Used(stage="intent_tree", calls=1, prompt_tokens=1_000, completion_tokens=100, seconds=0.5),  # another model
    ]
    bill = make_bill(rows, Rate())
    assert [stage.stage for stage in bill.stages] == ["intent_tree", "revise"]
    tree, revise = bill.stages
    assert (tree.calls, tree.cached_calls, tree.prompt_tokens, tree.completion_tokens) == (3, 1, 2_000, 200)
    assert tree.money == pytest.approx(0.009)  # 2,000 at 3 a million = 0.006, 200 at 15 = 0.003
    assert revise.money == pytest.approx(0.008)  # 0.003 + 0.0005 + 0.0045
    assert bill.total.money == pytest.approx(0.017)
    assert (bill.total.calls, bill.total.cached_tokens, bill.total.seconds) == (6, 1_000, 3.5)
    assert (bill.currency, bill.since, bill.source, bill.note) == ("USD", date(2026, 1, 31), "a page", "")


def test_without_a_price_the_cost_is_unknown_and_not_nothing() -> None:
    bill = make_bill([Used(prompt_tokens=1_000)], None, unknown="no price is known")
    assert bill.total.money is None
    assert bill.stages[0].money is None
    assert bill.note == "no price is known"
    assert bill.total.prompt_tokens == 1_000


def test_calls_without_usage_are_counted_and_make_the_cost_a_lower_bound() -> None:
    bill = make_bill([Used(calls=5, unmetered_calls=2, prompt_tokens=1_000_000)], Rate())
    assert (bill.total.money, bill.at_least) == (3.0, True)
    assert bill.note == "at least: the server sent no usage with 2 of 5 calls"


def test_a_model_on_this_machine_costs_nothing_counted_or_not() -> None:
    bill = make_bill([Used(calls=5, unmetered_calls=5)], FREE)
    assert (bill.total.money, bill.currency, bill.at_least, bill.note) == (0.0, "", False, "")


def test_a_job_without_calls_costs_nothing() -> None:
    assert make_bill([], Rate()).total.money == 0
    assert make_bill([], None) == Bill(stages=(), total=make_bill([], None).total)


@pytest.mark.parametrize(
    ("money", "shown"),
    [(None, "unknown"), (0.0, "0.00 USD"), (0.0123, "0.0123 USD"), (12.345, "12.35 USD"), (1.0, "1.00 USD")],
)
def test_money_is_shown_with_the_digits_that_say_something(money: float | None, shown: str) -> None:
    assert shown_money(money, "USD") == shown
