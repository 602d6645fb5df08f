import json

import pytest

from proutt_core.statistics.agreement import agreement_report
from proutt_core.statistics.labels import Label
from proutt_core.types import Verdict


def human(rater: str, item: str, verdict: Verdict) -> Label:
    return Label(item=item, rater=rater, kind="human", verdict=verdict)


def judge(rater: str, item: str, verdict: Verdict) -> Label:
    return Label(item=item, rater=rater, kind="judge", verdict=verdict)


LABELS = [
    human("p", "1", "a"),
    human("q", "1", "a"),
    human("p", "2", "b"),
    human("q", "2", "tie"),
    human("p", "3", "tie"),
    judge("j", "1", "a"),
    judge("j", "2", "b"),
    judge("j", "4", "b"),
]


def test_json_has_the_promised_keys() -> None:
    report = agreement_report(LABELS).as_json()
    assert (report["n_items"], report["n_raters"], report["n_judges"]) == (4, 2, 1)
    assert report["coding"] == "by method: a = +1, tie = 0, b = -1"
    human_keys = {"raw_pairs", "raw_all_equal", "alpha_nominal", "alpha_ordinal", "alpha_interval", "fleiss_kappa"}
    assert human_keys | {"cohen_kappa"} <= set(report["human"])
    assert set(report["human"]["cohen_kappa"][0]) == {"a", "b", "kappa", "n"}
    judge_keys = {"n", "raw", "cohen_kappa", "alpha_nominal", "alpha_ordinal", "confusion", "decisive"}
    assert judge_keys <= set(report["judges"]["j"])
    assert set(report["judges"]["j"]["decisive"]) == {"n", "raw", "cohen_kappa"}


def test_missing_labels_never_enter_as_ties() -> None:
    report = agreement_report(LABELS).as_json()
    assert report["human"]["n_overlapping"] == 2
    assert report["human"]["raw_pairs"] == 0.5
    judge = report["judges"]["j"]
    # Item 1 is compared; 2 has no majority, 3 has one but no judge, 4 has no human.
    assert (judge["n"], judge["without_humans"], judge["without_majority"], judge["without_judge"]) == (1, 1, 1, 1)
    assert judge["confusion"] == [[0, 0, 0], [0, 0, 0], [0, 0, 1]]


def test_undefined_is_null() -> None:
    unanimous = [make(who, item, "a") for item in "123" for make, who in ((human, "p"), (human, "q"), (judge, "j"))]
    report = json.loads(json.dumps(agreement_report(unanimous).as_json(), allow_nan=False))
    assert report["human"]["raw_pairs"] == 1.0
    for key in ("alpha_nominal", "alpha_ordinal", "alpha_interval", "fleiss_kappa"):
        assert report["human"][key] is None
    assert report["human"]["cohen_kappa"] == [{"a": "p", "b": "q", "kappa": None, "n": 3}]
    assert report["judges"]["j"]["raw"] == 1.0
    assert report["judges"]["j"]["cohen_kappa"] is None
    assert report["judges"]["j"]["alpha_nominal"] is None


def test_no_labels_at_all_is_a_report_of_nothing() -> None:
    report = agreement_report([]).as_json()
    assert (report["n_items"], report["n_raters"], report["judges"]) == (0, 0, {})
    assert report["human"]["raw_pairs"] is None


def test_judges_alone_have_nobody_to_agree_with() -> None:
    report = agreement_report([judge("j", "1", "a")]).as_json()
    assert (report["n_items"], report["n_raters"]) == (1, 0)
    assert (report["judges"]["j"]["n"], report["judges"]["j"]["without_humans"]) == (0, 1)
    assert report["judges"]["j"]["raw"] is None


def test_the_order_of_labels_does_not_matter() -> None:
    assert agreement_report(LABELS) == agreement_report(LABELS[::-1])


def test_exchanging_the_methods_changes_no_coefficient() -> None:
    other: dict[Verdict, Verdict] = {"a": "b", "tie": "tie", "b": "a"}
    swapped = [Label(one.item, one.rater, one.kind, other[one.verdict]) for one in LABELS]
    assert agreement_report(swapped).human == agreement_report(LABELS).human


def test_two_verdicts_of_one_rater_on_one_item_are_refused() -> None:
    with pytest.raises(ValueError, match="rater 'p' gave item '1' two verdicts"):
        agreement_report([*LABELS, human("p", "1", "b")])


def test_a_rater_who_is_human_and_judge_is_refused() -> None:
    with pytest.raises(ValueError, match="human and judge: p"):
        agreement_report([*LABELS, judge("p", "4", "a")])
