"""The oracle table of ../shared/data/README.md, to four decimals, from label file to report."""

from functools import cache
from pathlib import Path
from typing import Any, Literal

import pytest

from proutt_core.label_files import read_labels
from proutt_core.statistics.agreement import agreement_report
from tests.statistics.pandalm import needs_pandalm, pandalm_labels, write_labels

pytestmark = needs_pandalm

GPT = "gpt-3.5-turbo"


def four(value: float) -> Any:
    return pytest.approx(value, abs=5.001e-5)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder: Path = tmp_path_factory.mktemp("pandalm")

    @cache
    def of(garbage: Literal["tie", "drop"], judge_as_human: bool = False) -> dict[str, Any]:
        path = write_labels(folder / "labels.csv", pandalm_labels(garbage, judge_as_human))
        return agreement_report(read_labels(path)).as_json()

    return of


def test_three_humans(report: Any) -> None:
    whole = report("drop")
    human = whole["human"]
    assert (whole["n_items"], whole["n_raters"], whole["n_judges"]) == (999, 3, 2)
    assert human["alpha_nominal"] == four(0.8642)
    assert human["alpha_nominal"] == pytest.approx(0.864221, abs=5e-7)
    assert human["alpha_ordinal"] == four(0.8775)
    assert human["alpha_interval"] == four(0.8772)
    assert human["fleiss_kappa"] == pytest.approx(0.864175, abs=5e-7)
    assert human["raw_pairs"] == four(0.9199)
    assert human["raw_all_equal"] == four(0.8799)
    assert human["n_overlapping"] == 999


def test_each_pair_of_humans(report: Any) -> None:
    assert report("drop")["human"]["cohen_kappa"] == [
        {"a": "annotator1", "b": "annotator2", "kappa": four(0.8520), "n": 999},
        {"a": "annotator1", "b": "annotator3", "kappa": four(0.8789), "n": 999},
        {"a": "annotator2", "b": "annotator3", "kappa": four(0.8617), "n": 999},
    ]


@pytest.mark.parametrize(
    ("left_out", "agreement"), [("annotator3", 0.9129), ("annotator2", 0.9289), ("annotator1", 0.9179)]
)
def test_percent_agreement_of_each_pair_of_humans(left_out: str, agreement: float, tmp_path: Path) -> None:
    rows = [row for row in pandalm_labels("drop") if row["kind"] == "human" and row["rater"] != left_out]
    human = agreement_report(read_labels(write_labels(tmp_path / "two.csv", rows))).human
    assert human.raw_pairs == four(agreement)
    assert human.raw_all_equal == four(agreement)


def test_gpt_with_garbage_as_tie(report: Any) -> None:
    judge = report("tie")["judges"][GPT]
    assert judge["n"] == 999
    assert judge["raw"] == four(0.7107)
    assert judge["cohen_kappa"] == four(0.4958)
    assert (judge["without_humans"], judge["without_majority"], judge["without_judge"]) == (0, 0, 0)


def test_gpt_with_garbage_dropped(report: Any) -> None:
    judge = report("drop")["judges"][GPT]
    assert judge["n"] == 974
    assert judge["raw"] == four(0.7156)
    assert judge["cohen_kappa"] == four(0.4929)
    assert judge["alpha_nominal"] == four(0.4919)
    assert judge["alpha_ordinal"] == four(0.5879)
    assert (judge["without_humans"], judge["without_majority"], judge["without_judge"]) == (0, 0, 25)


def test_confusion_of_gpt(report: Any) -> None:
    whole = report("drop")
    assert whole["confusion_order"] == ["b", "tie", "a"]
    assert whole["confusion_axes"] == {"rows": "majority", "columns": "judge"}
    assert whole["judges"][GPT]["confusion"] == [[360, 20, 86], [45, 5, 42], [71, 13, 332]]


@pytest.mark.parametrize("garbage", ["tie", "drop"])
def test_gpt_with_ties_dropped_on_both_sides(report: Any, garbage: str) -> None:
    assert report(garbage)["judges"][GPT]["decisive"] == {"n": 849, "raw": four(0.8151), "cohen_kappa": four(0.6299)}


def test_gpt_as_fourth_rater(report: Any) -> None:
    whole = report("drop", judge_as_human=True)
    assert (whole["n_items"], whole["n_raters"], whole["judges"]) == (999, 4, {})
    assert whole["human"]["alpha_nominal"] == four(0.6795)
    assert whole["human"]["alpha_ordinal"] == four(0.7225)
    assert {pair["n"] for pair in whole["human"]["cohen_kappa"] if GPT in (pair["a"], pair["b"])} == {974}


def test_pandalm_7b(report: Any) -> None:
    judge = report("drop")["judges"]["pandalm-7b"]
    assert judge["n"] == 999
    assert judge["raw"] == four(0.6677)
    assert judge["cohen_kappa"] == four(0.4354)
    assert judge["alpha_nominal"] == four(0.4356)
    assert judge["alpha_ordinal"] == four(0.5047)


def test_the_ceiling_lies_above_both_judges_on_the_same_items(report: Any) -> None:
    judges = report("drop")["judges"]
    ceiling = report("drop")["human"]["ceiling"]
    # The other two agree on 91.79 % of 999 = 917 items, and so on.
    assert [(one["rater"], one["n"], one["without_majority"]) for one in ceiling] == [
        ("annotator1", 917, 82),
        ("annotator2", 928, 71),
        ("annotator3", 912, 87),
    ]
    # All three are equal on 87.99 % of 999 = 879 items.
    assert [one["raw"] for one in ceiling] == [four(879 / 917), four(879 / 928), four(879 / 912)]
    assert [beside["n"] for beside in judges["pandalm-7b"]["beside_humans"]] == [917, 928, 912]
    for judge in judges.values():
        assert all(beside["human_raw"] > beside["raw"] for beside in judge["beside_humans"])
