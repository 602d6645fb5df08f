"""The arithmetic of an estimate, worked by hand on a method of four stages."""

from dataclasses import replace

import pytest

from proutt_core.runs.bill import FREE
from proutt_core.runs.dry_run import Lengths, measure, rough_tokens
from proutt_core.runs.forecast import Forecast, History, Plan, StageHistory, forecast
from proutt_core.synthesis.stages import STAGES
from tests.runs.test_bill import Rate
from tests.samples import HOTEL

LENGTHS = Lengths(
    prompt_tokens={"intent_tree": 1_000.0, "wrong_path": 500.0, "revise": 2_000.0},
    shared_tokens={"intent_tree": 400.0, "wrong_path": 400.0, "revise": 1_500.0},
    calls={
        "intent_tree": {"high": 1.0, "mid": 1.0, "low": 1.0},
        "wrong_path": {"high": 1.5, "mid": 1.5, "low": 0.0},  # the rules tie oftener than a language model
        "revise": {"high": 1.5, "mid": 2.5, "low": 1.0},
    },
    samples=10,
)
HISTORY = History(
    stages={
        "intent_tree": StageHistory(calls=40, completion_tokens=100.0, seconds=2.0),
        "wrong_path": StageHistory(calls=40, completion_tokens=50.0, seconds=1.0),
        "revise": StageHistory(calls=40, completion_tokens=200.0, seconds=4.0),
    },
    branches={"high": 20, "mid": 60, "low": 20},
    both_views=1.25,
    cached_share=0.5,
    calls_per_valid=1.0,
    tokens_factor=2.0,
    review_minutes=3.0,
    reviews=50,
)


def expected(plan: Plan, history: History = HISTORY, *, concurrency: int = 4, rates: object = Rate()) -> Forecast:
    return forecast(plan, LENGTHS, history, rates=rates, concurrency=concurrency, in_process=False)  # type: ignore[arg-type]


def by_stage(expected: Forecast) -> dict[str, float]:
    return {stage.stage: stage.calls for stage in expected.stages}


def test_calls_follow_the_branches_of_earlier_runs() -> None:
    # 100 items: wrong_path in high and mid, 80 x 1.25; revise for chosen in mid and low, 80, for rejected 80 x 1.25
    assert by_stage(expected(Plan(new=100))) == pytest.approx({"intent_tree": 100, "wrong_path": 100, "revise": 180})


def test_too_few_earlier_items_tell_nothing_about_branches() -> None:
    few = replace(HISTORY, branches={"high": 19}, both_views=None)
    # assumed: 0.3, 0.5, 0.2 and 1.1
    assert by_stage(expected(Plan(new=100), few)) == pytest.approx(
        {"intent_tree": 100, "wrong_path": 0.8 * 110, "revise": 70 + 0.8 * 110}
    )


def test_items_in_the_log_cost_the_missing_revisions_only() -> None:
    plan = Plan(new=0, known=100, missing_chosen=10, missing_rejected=4)
    assert by_stage(expected(plan)) == pytest.approx({"intent_tree": 0, "wrong_path": 5, "revise": 15})


def test_tokens_and_money() -> None:
    estimate = expected(Plan(new=100))
    # prompts: (100 x 1000 + 100 x 500 + 180 x 2000) x 2 = 1,020,000, half of them cached
    assert (estimate.prompt_tokens, estimate.cached_tokens) == (1_020_000, 510_000)
    assert estimate.completion_tokens == 100 * 100 + 100 * 50 + 180 * 200  # 51,000
    assert estimate.money is not None
    # 510,000 at 3 = 1.53, 510,000 at 0.5 = 0.255, 51,000 at 15 = 0.765
    assert estimate.money.likely == pytest.approx(2.55)
    # prompts share (100 x 400 + 100 x 400 + 180 x 1500) x 2 = 700,000: 320,000 at 3, 700,000 at 0.5; replies x 0.8
    assert estimate.money.low == pytest.approx(0.96 + 0.35 + 0.612)
    # nothing cached and replies a quarter longer, all of it once in ten asked twice
    assert estimate.money.high == pytest.approx(1.1 * (3.06 + 0.765 * 1.25))


def test_time_is_that_of_full_slots_but_never_less_than_one_items() -> None:
    # 100 x 2 + 100 x 1 + 180 x 4 = 1020 s of answers
    assert expected(Plan(new=100)).seconds == pytest.approx(255)
    assert expected(Plan(new=1), concurrency=64).seconds == pytest.approx(2 + 1 + 4)


def test_reviewing_takes_people_as_long_as_it_did() -> None:
    assert expected(Plan(new=90, known=10)).reviewing_hours == 5.0
    assert expected(Plan(new=90), replace(HISTORY, review_minutes=None)).reviewing_hours == 1.5


def test_faulty_replies_of_earlier_runs_are_paid_for_again() -> None:
    estimate = expected(Plan(new=100), replace(HISTORY, calls_per_valid=1.2))
    assert estimate.calls == pytest.approx(1.2 * 380)
    assert estimate.prompt_tokens == pytest.approx(1.2 * 1_020_000)


def test_an_unknown_price_gives_no_money_and_says_why() -> None:
    estimate = forecast(
        Plan(new=1), LENGTHS, HISTORY, rates=None, price_note="add one", concurrency=1, in_process=False
    )
    assert (estimate.money, estimate.price_note, estimate.currency) == (None, "add one", "")
    assert expected(Plan(new=1), rates=FREE).money is not None


def test_every_assumption_is_told() -> None:
    assumptions = " ".join(expected(Plan(new=1), History()).assumptions)
    for words in (
        "Branches, assumed",
        "Views perturbed",
        "assumed: no earlier call",
        "intent_tree 160",
        "assumed: 1 s and",
    ):
        assert words in assumptions
    for words in ("From the server's own cache: nothing", "1 minute a pair"):
        assert words in assumptions
    measured = " ".join(expected(Plan(new=1)).assumptions)
    assert "assumed" not in measured
    assert "50 reviews" in measured


def test_rough_tokens_tell_scripts_apart() -> None:
    assert rough_tokens("abcd" * 10) == pytest.approx(10.0)
    assert rough_tokens("颐和园" * 10) == pytest.approx(19.5)


def test_a_dry_run_asks_what_a_run_asks_and_nothing_leaves() -> None:
    lengths = measure([HOTEL] * 3)
    assert set(lengths.prompt_tokens) == set(STAGES)
    assert lengths.calls["intent_tree"] == {"high": 1.0, "mid": 1.0, "low": 1.0}
    assert lengths.calls["revise"]["low"] == 1.0
    assert lengths.calls["wrong_path"]["low"] == 0.0
    assert lengths.calls["revise"]["mid"] == lengths.calls["revise"]["low"] + lengths.calls["revise"]["high"]
    for stage in STAGES:
        assert 0 < lengths.shared_tokens[stage] <= lengths.prompt_tokens[stage]


def test_a_described_schema_makes_prompts_longer() -> None:
    plain, described = measure([HOTEL]), measure([HOTEL], with_schema=True)
    assert all(described.prompt_tokens[stage] > plain.prompt_tokens[stage] + 50 for stage in STAGES)
    assert described.shared_tokens["revise"] == pytest.approx(plain.shared_tokens["revise"], rel=0.01)
