"""An agreement report as rows: values, and why there is none."""

import pytest

from proutt_core.statistics.agreement import agreement_report
from proutt_core.statistics.labels import Kind, Label
from proutt_core.statistics.quantities import ceiling_quantities, human_quantities, judge_quantities, p_value
from proutt_core.types import Verdict

WORDS: dict[str, Verdict] = {"a": "a", "b": "b", "t": "tie"}


def labels(kind: Kind = "human", **by_rater: str) -> list[Label]:
    return [
        Label(item=str(item), rater=rater, kind=kind, verdict=WORDS[letter])
        for rater, letters in by_rater.items()
        for item, letter in enumerate(letters)
        if letter != "-"
    ]


def test_values_have_no_more_digits_than_they_deserve() -> None:
    rows = {q.words: q for q in human_quantities(agreement_report(labels(x="aab", y="abb")))}
    assert rows["raw, pairs of people"].shown == "66.7 %"
    # Cohen: p_o = 2/3, p_e = 2/3·1/3 + 1/3·2/3 = 4/9, kappa = (2/3 - 4/9) / (5/9) = 0.4
    assert rows["Cohen's kappa, x and y"].shown == "0.400"
    assert {q.n for q in rows.values()} == {3}


def test_people_without_a_common_item_overlap_nothing() -> None:
    rows = human_quantities(agreement_report(labels(x="a-", y="-b")))
    assert {(q.shown, q.why, q.n) for q in rows} == {("undefined", "nothing_overlaps", 0)}


def test_one_and_the_same_verdict_everywhere_varies_nothing() -> None:
    rows = human_quantities(agreement_report(labels(x="aa", y="aa")))
    assert [(q.shown, q.why) for q in rows[:2]] == [("100.0 %", ""), ("100.0 %", "")]
    assert {(q.shown, q.why) for q in rows[2:]} == {("undefined", "nothing_varies")}


def test_a_judge_and_the_ceiling_have_their_own_counts() -> None:
    report = agreement_report([*labels(x="aabt", y="aab-"), *labels("judge", j="ab-t")])
    rows = {q.words: q for q in judge_quantities(report.judges["j"])}
    assert (rows["raw"].shown, rows["raw"].n) == ("66.7 %", 3)  # a=a, a≠b, t=t
    assert rows["raw, without ties"].n == 2
    assert {q.n for q in ceiling_quantities(report)} == {3}


@pytest.mark.parametrize(
    ("p", "expected"), [(1.0, "1.000"), (0.0414, "0.041"), (0.001, "0.001"), (0.0009, "< 0.001"), (2**-99, "< 0.001")]
)
def test_a_p_value_is_never_shown_as_zero(p: float, expected: str) -> None:
    assert p_value(p) == expected
