"""Studies on both databases: the frozen protocol, who may judge, and what may be read when."""

import hashlib
import json
from typing import Any

import pytest
from sqlmodel import select

from db.blinding.public_titles import check_public_title
from db.engine import read, write
from db.review.answers import undo_last
from db.review.queues import claim_next, waiting_for
from db.studies.draw import predicted_methods
from db.studies.results import case_evidence, judge_readings, study_progress, votes
from db.studies.studies import (
    close_study,
    create_study,
    get_study,
    list_studies,
    open_study,
    possible_judges,
    unblind_study,
)
from db.tables import Job, PredictionRow, Queue, RoleGrant, SampleRow, Study, StudyCase
from proutt_core.errors import ConflictError, InputError, NotAllowed
from proutt_core.types import StudyDesign, StudyInfo
from tests.study_setup import DATASET, add_dataset, add_method, add_user, judge_all, two_methods

pytestmark = pytest.mark.usefixtures("database")


def create(**changes: Any) -> StudyInfo:
    settings: dict[str, Any] = {
        "name": "check",
        "public_title": "Which set fits better?",
        "dataset": DATASET,
        "a": "alpha-model",
        "b": "beta-model",
        "cases": 4,
        "people": 2,
    }
    return create_study(StudyDesign(**(settings | changes)))


def queue_of(study: StudyInfo) -> str:
    with read() as session:
        return session.exec(select(Queue.public_id).where(Queue.study_id == study.id)).one()


def test_a_new_study_is_a_draft_with_a_hashed_protocol_and_gives_nobody_a_case() -> None:
    two_methods()
    ann = add_user("ann")
    study = create()
    assert (study.state, study.cases, study.people, study.members) == ("draft", 4, 2, ("ann",))
    with read() as session:
        protocol = session.get_one(Study, study.id).protocol
        assert len(session.exec(select(StudyCase).where(StudyCase.study_id == study.id)).all()) == 4
    canonical = json.dumps(protocol, sort_keys=True, separators=(",", ":")).encode()
    assert study.protocol_sha256 == hashlib.sha256(canonical).hexdigest()
    assert len(protocol["samples"]) == 4
    assert waiting_for(ann) == []
    with pytest.raises(ConflictError):
        claim_next(queue_public_id=queue_of(study), user_id=ann)


def test_the_same_seed_draws_the_same_cases_and_another_seed_other_ones() -> None:
    two_methods(test=12)
    drawn = []
    for n, seed in enumerate((7, 7, 8)):
        study = create(name=f"s{n}", seed=seed)
        with read() as session:
            drawn.append(session.get_one(Study, study.id).protocol["samples"])
    assert drawn[0] == drawn[1] != drawn[2]
    assert drawn[0] != sorted(drawn[0])  # in random order, too


def test_cases_hold_each_methods_own_prediction_of_a_test_sample() -> None:
    two_methods()
    study = create()
    with read() as session:
        cases = session.exec(select(StudyCase).where(StudyCase.study_id == study.id)).all()
        for case in cases:
            a = session.get_one(PredictionRow, case.prediction_a_id)
            b = session.get_one(PredictionRow, case.prediction_b_id)
            assert a.sample_id == b.sample_id == case.sample_id
            assert a.utterances[0].startswith("alpha-model") and b.utterances[0].startswith("beta-model")


def test_more_cases_than_test_samples_are_refused_naming_the_split_that_would_do() -> None:
    add_dataset(test=6, train=14)  # 20 samples; 8 cases are 40 %, with a fifth of margin 48 %
    add_method("alpha-model")
    add_method("beta-model")
    with pytest.raises(
        ConflictError, match=r"of 6 dialogue groups, fewer than 8 cases.*split 47/5/48 .*at most 6 cases"
    ):
        create(cases=8)
    with pytest.raises(ConflictError, match="The whole dataset has only 20"):
        create(cases=19)
    assert list_studies() == []


def test_a_method_without_enough_predictions_is_refused_with_the_counts() -> None:
    add_dataset(test=6)
    add_method("alpha-model")
    add_method("beta-model", predicted=3)
    assert [(m.name, m.predicted) for m in predicted_methods(DATASET)] == [("alpha-model", 6), ("beta-model", 3)]
    with pytest.raises(ConflictError, match='"alpha-model" has 6, "beta-model" has 3, both have 3'):
        create()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"a": "nobody"}, 'no method is named "nobody"; there are: alpha-model, beta-model'),
        ({"dataset": "nothing"}, 'no dataset is named "nothing"'),
        ({"b": "alpha-model"}, "compares two methods"),
        ({"cases": 0}, "at least 1 case"),
        ({"name": " "}, "no name"),
        ({"public_title": "  "}, "title shown to annotators is empty"),
        ({"members": ("nobody",)}, "no active account is named nobody"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(changes: dict[str, Any], words: str) -> None:
    two_methods()
    with pytest.raises(InputError, match=words):
        create(**changes)
    assert list_studies() == []


def test_a_name_is_taken_once() -> None:
    two_methods()
    create()
    with pytest.raises(ConflictError, match="exists already"):
        create()


@pytest.mark.parametrize(
    "title",
    [
        "alpha-model against others",
        "Is ALPHA MODEL good?",  # other case, other separators
        "Is ａlpha-model good?",  # full-width letter
        "Check of Qwen3-8B",  # the model, without its provider
        "Tuned ones",  # the family
        "About ab",  # a short name as a whole word
        "Qwen talks",  # a part that is recognised
        "Ԛwen talks",  # in other letters that look alike
    ],
)
def test_a_title_that_names_a_method_its_family_or_its_model_is_refused(title: str) -> None:
    two_methods()
    add_method("third", model="Qwen/Qwen3-8B", family="tuned")
    add_method("ab")
    with pytest.raises(InputError, match="would tell annotators"):
        create(public_title=title)


def test_a_title_that_names_a_run_or_the_model_of_one_is_refused() -> None:
    add_dataset()
    with write() as session:
        settings = {"model": "openrouter/z-ai/glm-4.6", "model_name": "z-ai/glm-4.6"}
        session.add(Job(kind="synthesis", name="night shift", settings=settings))
    for title in ("Pairs of GLM 4.6", "The Night-Shift", "GLM"):
        with pytest.raises(InputError, match="would tell annotators"), write() as session:
            check_public_title(session, title)
    with write() as session:
        check_public_title(session, "Pairs of the night")


def test_a_short_name_inside_another_word_gives_nothing_away() -> None:
    two_methods()
    add_method("ab")
    assert create(public_title="A table of sets").state == "draft"


def test_a_title_is_checked_again_when_the_study_opens() -> None:
    two_methods()
    add_user("ann")
    create(people=1, public_title="Which set fits better, gamma or delta?")
    add_method("gamma-or-delta")
    with pytest.raises(InputError, match="gamma-or-delta"):
        open_study("check")
    assert get_study("check").state == "draft"


def test_researchers_and_admins_cannot_be_members_and_are_left_out_of_everyone() -> None:
    two_methods()
    add_user("ann")
    add_user("rev", "reviewer")
    add_user("res", "annotator", "researcher")
    add_user("boss", "admin")
    assert create().members == ("ann", "rev")
    for name in ("res", "boss"):
        with pytest.raises(InputError, match=f"{name} may not judge"):
            create(name="other", members=("ann", name))
    judges = {judge.name: judge.why_not for judge in possible_judges(a="alpha-model", b="beta-model")}
    assert judges["ann"] == judges["rev"] == ""
    assert "researcher or admin" in judges["res"]
    assert "neither" in judges["boss"]


def test_somebody_who_becomes_a_researcher_after_the_freeze_is_given_no_case_any_more() -> None:
    two_methods()
    ann, bob = add_user("ann"), add_user("bob")
    study = create()
    open_study("check")
    assert claim_next(queue_public_id=queue_of(study), user_id=ann) is not None
    with write() as session:
        session.add(RoleGrant(user_id=ann, role="researcher"))
    with pytest.raises(NotAllowed):
        claim_next(queue_public_id=queue_of(study), user_id=ann)
    assert claim_next(queue_public_id=queue_of(study), user_id=bob) is not None


def test_everyone_means_those_who_may_judge_when_it_opens() -> None:
    two_methods()
    add_user("ann")
    create()
    with pytest.raises(ConflictError, match="wants 2 people a case, and 1 may judge"):
        open_study("check")
    add_user("bob")
    assert open_study("check").members == ("ann", "bob")


def test_named_members_are_exactly_those_who_judge() -> None:
    two_methods()
    for name in ("ann", "bob", "eve"):
        add_user(name)
    create(members=("Bob", "ann"))
    assert open_study("check").members == ("ann", "bob")


def test_an_open_study_shows_progress_and_ties_but_no_verdicts() -> None:
    two_methods()
    ann, bob = add_user("ann"), add_user("bob")
    study = create()
    open_study("check")
    assert study_progress("check").tie_share is None
    judge_all(study.id, ann, ["a", "tie", "b"])
    judge_all(study.id, bob, ["tie"])
    progress = study_progress("check")
    assert (progress.answers, progress.answers_wanted, progress.tie_share) == (4, 8, 0.5)
    assert [(p.name, p.done, p.total) for p in progress.people] == [("ann", 3, 4), ("bob", 1, 4)]
    for read_verdicts in (votes, judge_readings):
        with pytest.raises(ConflictError, match="withheld from everybody until it is closed"):
            read_verdicts("check")


def test_more_people_than_wanted_share_what_is_left() -> None:
    two_methods()
    people = [add_user(name) for name in ("ann", "bob", "eve")]
    study = create(people=1)
    open_study("check")
    judge_all(study.id, people[0], ["a", "a", "a"])
    progress = study_progress("check")
    # One case is left, for whoever takes it.
    assert [(p.done, p.total) for p in progress.people] == [(3, 4), (0, 1), (0, 1)]


def test_votes_of_a_closed_study_are_by_method_and_last_revision() -> None:
    two_methods()
    ann, bob = add_user("ann"), add_user("bob")
    study = create()
    open_study("check")
    judge_all(study.id, ann, ["a", "b", "tie", "a"])
    undo_last(queue_public_id=queue_of(study), user_id=ann)
    judge_all(study.id, ann, ["b"])
    judge_all(study.id, bob, ["a", "a", "tie", "b"])
    assert close_study("check").departure == ""
    by_person = {name: [v.verdict for v in votes("check") if v.voter == name] for name in ("ann", "bob")}
    assert by_person == {"ann": ["a", "b", "tie", "b"], "bob": ["a", "a", "tie", "b"]}
    with pytest.raises(ConflictError):
        claim_next(queue_public_id=queue_of(study), user_id=ann)


def test_a_withdrawn_answer_counts_nowhere() -> None:
    two_methods()
    ann = add_user("ann")
    study = create(people=1)
    open_study("check")
    judge_all(study.id, ann, ["a", "b"])
    undo_last(queue_public_id=queue_of(study), user_id=ann)
    assert study_progress("check").answers == 1
    close_study("check", departure="a test")
    assert [v.verdict for v in votes("check")] == ["a"]


def test_closing_early_needs_a_reason_which_is_kept_with_the_counts() -> None:
    two_methods()
    add_user("ann")
    study = create(people=1)
    open_study("check")
    with pytest.raises(ConflictError, match="has 0 of 4 answers; closing now departs"):
        close_study("check", departure="  ")
    closed = close_study("check", departure="ann fell ill")
    assert closed.departure == "closed early, with 0 of 4 answers: ann fell ill"
    assert closed.protocol_sha256 == study.protocol_sha256


def test_states_follow_each_other_and_cannot_be_skipped() -> None:
    two_methods()
    add_user("ann")
    create(people=1)
    for step, words in ((close_study, "only an open study"), (unblind_study, "only a closed study")):
        with pytest.raises(ConflictError, match=words):
            step("check")
    open_study("check")
    for step, words in ((open_study, "only a draft study"), (unblind_study, "only a closed study")):
        with pytest.raises(ConflictError, match=words):
            step("check")
    close_study("check", departure="enough")
    assert not get_study("check").unblinded
    assert unblind_study("check").unblinded
    with write() as session:
        first = session.get_one(Study, get_study("check").id).unblinded_at
    unblind_study("check")
    with write() as session:
        assert session.get_one(Study, get_study("check").id).unblinded_at == first


def test_an_unknown_study_is_refused_naming_those_there_are() -> None:
    with pytest.raises(InputError, match="there are: none yet"):
        get_study("check")


@pytest.mark.parametrize("evidence", ["context", "context_and_next"])
def test_a_judge_sees_the_evidence_the_protocol_froze(evidence: str) -> None:
    two_methods()
    study = create(evidence=evidence)
    with read() as session:
        case = session.exec(select(StudyCase).where(StudyCase.study_id == study.id, StudyCase.position == 1)).one()
        target = session.get_one(SampleRow, case.sample_id).target_index
    shown = case_evidence(case.id or 0)
    assert (shown.position, len(shown.context)) == (1, target)
    assert shown.context[-1].role == "assistant"
    assert (shown.next_utterance or "").startswith("Which temple?") is (evidence == "context_and_next")
    assert len(shown.a) == len(shown.b) == 4
