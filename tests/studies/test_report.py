"""A study's report from plain values: counts worked by hand, names hidden until unblinded, notes beside the numbers."""

from typing import Any

import pytest

from proutt_core.studies.report import same_model, study_labels, study_report
from proutt_core.types import CaseVote, JudgeReading, StudyInfo, Verdict

INFO = StudyInfo(
    id=1,
    public_id="x",
    name="check",
    public_title="Which fits?",
    dataset="chats",
    a="alpha",
    b="beta",
    state="closed",
    cases=5,
    people=3,
    members=("ann", "bob", "eve"),
    evidence="context",
    seed=0,
    protocol_sha256="0" * 64,
)


def votes(**by_person: str) -> list[CaseVote]:
    """One letter a case: a, b, t for tie, - for none."""
    words: dict[str, Verdict] = {"a": "a", "b": "b", "t": "tie"}
    return [
        CaseVote(case=case, voter=name, verdict=words[letter])
        for name, letters in by_person.items()
        for case, letter in enumerate(letters)
        if letter != "-"
    ]


def report(*, info: StudyInfo = INFO, **more: Any) -> Any:
    # aab -> a; att -> tie; abt -> no majority, tie; bb- -> b; nobody.
    cast = votes(ann="aaab-", bob="atbb-", eve="btt--")
    return study_report(info, **({"votes": cast, "readings": []} | more))


def test_a_case_is_the_strict_majority_of_its_people_and_votes_are_never_pooled() -> None:
    results = report()
    humans = results.humans
    assert (humans.wins, humans.ties, humans.losses) == (1, 2, 1)
    assert (humans.ties_without_majority, humans.unjudged) == (1, 1)
    assert (humans.net_win_rate, humans.sign_test_p) == (0.0, 1.0)  # 1 of 2 decisive cases
    assert (results.people, results.answers) == (3, 11)
    assert any("1 of 2 ties" in note for note in results.notes)
    assert any("1 of 5 cases were judged by nobody" in note for note in results.notes)


@pytest.mark.parametrize(("unblinded", "names"), [(False, ("a", "b")), (True, ("alpha", "beta"))])
def test_names_are_shown_only_after_unblinding(unblinded: bool, names: tuple[str, str]) -> None:
    results = report(info=INFO.model_copy(update={"unblinded": unblinded}))
    assert (results.a, results.b) == names
    assert ("alpha" in str(results.as_json())) is unblinded


def reading(case: int, order: str, verdict: Verdict | None) -> JudgeReading:
    return JudgeReading.model_validate({"case": case, "judge": "m (pairwise)", "reading": order, "verdict": verdict})


def test_a_judges_unscored_cases_are_counted_and_give_no_label() -> None:
    readings = [reading(0, "ab", "a"), reading(0, "ba", "a"), reading(1, "ab", "b"), reading(1, "ba", None)]
    judge = report(readings=readings).judges["m (pairwise)"]
    assert (judge.unscored, judge.outcome.wins, judge.outcome.ties, judge.outcome.unjudged) == (1, 1, 0, 4)
    labels = study_labels([], readings)
    assert [(label.item, label.kind, label.verdict) for label in labels] == [("case 1", "judge", "a")]


def test_people_appear_under_pseudonyms() -> None:
    labels = study_labels(votes(zoe="a", ann="b"), [])
    assert {(label.rater, label.verdict) for label in labels} == {("person 1", "b"), ("person 2", "a")}


@pytest.mark.parametrize("unblinded", [False, True])
def test_a_judge_that_judges_its_own_model_is_noted_without_saying_which_side_while_blind(unblinded: bool) -> None:
    info = INFO.model_copy(update={"unblinded": unblinded})
    results = report(
        info=info, method_models=("openrouter/qwen/qwen3-max", "rules"), judge_models=["qwen3-max", "other"]
    )
    (note,) = [note for note in results.notes if "Self-judging" in note]
    assert ("alpha" in note) is unblinded and "beta" not in note
    assert not [n for n in report(info=info, method_models=("", ""), judge_models=[""]).notes if "Self-judging" in n]


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("zhipu/glm-4.6", "z-ai/GLM-4.6", True),
        ("rules", "rules", True),
        ("qwen3-max", "qwen-plus", False),
        ("", "", False),
    ],
)
def test_providers_put_their_own_prefix_before_a_model(first: str, second: str, same: bool) -> None:
    assert same_model(first, second) is same


def test_one_person_is_noted_as_possible_self_judging() -> None:
    assert any("One person judged" in note for note in report(votes=votes(ann="aab")).notes)
    assert not any("One person judged" in note for note in report().notes)


def test_the_departure_is_in_the_report() -> None:
    results = report(info=INFO.model_copy(update={"departure": "closed early, with 1 of 6 answers: ill"}))
    assert results.as_json()["departures"] == ["closed early, with 1 of 6 answers: ill"]
