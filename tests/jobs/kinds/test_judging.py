"""Judge runs over a study in the database: every case in every order, unscored where unreadable, hidden while open."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import select

import proutt_core.jobs.kinds.judging as judging
from db.accounts.events import recent
from db.engine import read
from db.jobs import items, jobs
from db.studies.judging import judge_runs
from db.studies.results import judge_readings
from db.studies.studies import close_study, create_study, open_study
from db.tables import ItemCall, JudgeVerdict, PredictionRow, StudyCase
from proutt_core.actions.judging import start
from proutt_core.actions.study_results import agreement_of, labels_of, named_readings, report_of
from proutt_core.errors import ConflictError, InputError, SettingsError
from proutt_core.jobs.kinds.judging import run_judging
from proutt_core.jobs.process_resources import process_resources
from proutt_core.judge.settings import JudgeRequest
from proutt_core.llm import Prompt
from proutt_core.llm.providers.model_ref import ModelRef
from proutt_core.types import StudyDesign, StudyInfo
from tests.judge.scripted import Scripted
from tests.study_setup import DATASET, add_user, judge_all, two_methods

pytestmark = pytest.mark.usefixtures("database")

RULES = JudgeRequest(study="check")
POINTWISE = JudgeRequest(study="check", mode="pointwise")
A, B = "alpha-model", "beta-model"


def opened(*, people: int = 2, cases: int = 3) -> tuple[StudyInfo, list[int]]:
    two_methods()
    users = [add_user(f"person{n}") for n in range(people)]
    create_study(
        StudyDesign(name="check", public_title="Which fits?", dataset=DATASET, a=A, b=B, cases=cases, people=people)
    )
    return open_study("check"), users


def work(job_id: int) -> None:
    async def go() -> None:
        async with process_resources() as shared:
            await run_judging(job_id, shared=shared, concurrency=4)

    asyncio.run(go())


def use(monkeypatch: pytest.MonkeyPatch, answer: Callable[[Prompt], str]) -> Scripted:
    model = Scripted(answer)
    monkeypatch.setattr(ModelRef, "open", lambda ref: model)
    monkeypatch.setattr(ModelRef, "name", model.name)
    return model


def prefers(method: str) -> Callable[[Prompt], str]:
    """Recognises the method by what it says, wherever it stands."""

    def answer(prompt: Prompt) -> str:
        if prompt.stage == "judge_pointwise":
            score = 0.9 if prompt.values["predictions"][0].startswith(method) else 0.4
            return json.dumps({"reason": "r", "score": score})
        first = prompt.values["first"][0].startswith(method)
        return json.dumps({"reason": "r", "verdict": "first" if first else "second"})

    return answer


@pytest.mark.parametrize(("chosen", "readings"), [(RULES, 6), (POINTWISE, 3)], ids=["pairwise", "pointwise"])
def test_a_run_reads_every_case_in_every_order(
    monkeypatch: pytest.MonkeyPatch, chosen: JudgeRequest, readings: int
) -> None:
    opened()
    model = use(monkeypatch, prefers(B))
    run = start(chosen)
    assert (run.name, run.state) == (f"check · rules · {chosen.mode}", "queued")
    work(run.id)
    assert jobs.required(run.id).state == "done"
    assert items.counts(run.id).done == readings
    assert len(model.prompts) == 6  # pairwise: two orders; pointwise: two sets
    close_study("check", departure="a test")
    assert {r.verdict for r in judge_readings("check")} == {"b"}
    assert report_of("check").judges[f"rules ({chosen.mode})"].outcome.losses == 3


def test_no_prompt_names_a_method_unless_its_own_predictions_do(monkeypatch: pytest.MonkeyPatch) -> None:
    opened()
    model = use(monkeypatch, prefers(A))
    work(start(RULES).id)
    texts = [message.content for prompt in model.prompts for message in prompt.messages]
    # The predictions of these tests begin with their method's name; nothing else may.
    assert all(text.count(A) + text.count(B) in (0, 8) for text in texts)
    assert not any("check" in text for text in texts)


def test_an_order_that_leans_to_the_first_position_is_a_tie(monkeypatch: pytest.MonkeyPatch) -> None:
    opened()
    use(monkeypatch, lambda prompt: json.dumps({"reason": "r", "verdict": "first"}))
    work(start(RULES).id)
    close_study("check", departure="a test")
    assert {label.verdict for label in labels_of("check")} == {"tie"}


def test_an_unreadable_order_leaves_the_case_unscored_and_never_a_tie(monkeypatch: pytest.MonkeyPatch) -> None:
    study, users = opened(people=2)
    for user in users:
        judge_all(study.id, user, ["a", "a", "a"])
    good = prefers(A)

    def answer(prompt: Prompt) -> str:
        shown = prompt.messages[1].content
        a_second = prompt.values["second"][0].startswith(A)
        return "I cannot say" if a_second and bad in shown else good(prompt)

    close_study("check")
    bad = _case_text()
    use(monkeypatch, answer)
    run = start(RULES)
    work(run.id)
    counts = items.counts(run.id)
    assert (jobs.required(run.id).state, counts.done, counts.failed) == ("done", 5, 1)
    (failure,) = items.failures(run.id)
    assert failure.stage == "judge_pairwise" and "refused twice" in failure.reason
    (unread,) = [r for r in judge_readings("check") if r.verdict is None]
    assert unread.reading == "ba"
    judge = agreement_of("check").judges["rules (pairwise)"]
    assert (judge.n, judge.without_judge, judge.confusion[2]) == (2, 1, (0, 0, 2))
    outcome = report_of("check").judges["rules (pairwise)"]
    assert (outcome.unscored, outcome.outcome.wins, outcome.outcome.ties, outcome.outcome.unjudged) == (1, 2, 0, 1)


def _case_text() -> str:
    """Words that stand in the prompts of the first case only."""
    with read() as session:
        case = session.exec(select(StudyCase).where(StudyCase.position == 0)).one()
        return session.get_one(PredictionRow, case.prediction_a_id).utterances[0]


def test_judge_verdicts_are_hidden_while_people_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    opened()
    use(monkeypatch, prefers(A))
    work(start(RULES).id)
    assert [run.state for run in judge_runs("check")] == ["done"]
    for show in (judge_readings, named_readings, labels_of, report_of, agreement_of):
        with pytest.raises(ConflictError, match="withheld from everybody until it is closed"):
            show("check")


def test_the_same_run_again_resumes_it_and_asks_nothing_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    opened()
    model = use(monkeypatch, prefers(A))
    run = start(RULES)
    work(run.id)
    again = start(RULES)
    work(again.id)
    assert (again.id, again.state, len(model.prompts)) == (run.id, "done", 6)
    with read() as session:
        assert len(session.exec(select(JudgeVerdict)).all()) == 6
        assert len(session.exec(select(ItemCall)).all()) == 6


def test_other_settings_under_the_same_name_are_refused_naming_them(monkeypatch: pytest.MonkeyPatch) -> None:
    opened()
    use(monkeypatch, prefers(A))
    start(POINTWISE)
    with pytest.raises(ConflictError, match=r"tie_margin is 0.0 there and 0.2 here"):
        start(JudgeRequest(study="check", mode="pointwise", tie_margin=0.2))


@pytest.mark.parametrize(
    "words",
    [
        {"mode": "pointwise", "tie_margin": -0.1},
        {"mode": "pointwise", "tie_margin": 1.0},
        {"tie_margin": 0.1},
        {"model": ModelRef("nonsense")},
        {"mode": "listwise"},
    ],
)
def test_settings_that_make_no_sense_start_nothing(words: dict[str, Any]) -> None:
    opened()
    with pytest.raises(InputError):
        start(JudgeRequest(study="check", **words))
    assert judge_runs("check") == []


def test_a_draft_is_not_judged() -> None:
    two_methods()
    create_study(StudyDesign(name="check", public_title="Which fits?", dataset=DATASET, a=A, b=B, cases=3, people=1))
    with pytest.raises(ConflictError, match="draft"):
        start(RULES)


def test_another_version_of_the_prompt_does_not_mix_into_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    opened()
    run = start(RULES)
    monkeypatch.setitem(judging.PROMPT_VERSIONS, "pairwise", 99)
    with pytest.raises(SettingsError, match="another prompt"):
        work(run.id)


def test_the_tie_margin_decides_in_pointwise_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    opened()
    use(monkeypatch, prefers(A))  # 0.9 against 0.4
    work(start(JudgeRequest(study="check", mode="pointwise", tie_margin=0.5)).id)
    close_study("check", departure="a test")
    readings = judge_readings("check")
    assert {(r.verdict, r.score_a, r.score_b) for r in readings} == {("tie", 0.9, 0.4)}


def test_the_rules_model_judges_a_study_to_the_end() -> None:
    opened()
    for chosen in (RULES, POINTWISE):
        work(start(chosen).id)
    close_study("check", departure="a test")
    labels = labels_of("check")
    assert len(labels) == 6 and {label.kind for label in labels} == {"judge"}
    assert {label.rater for label in labels} == {"rules (pairwise)", "rules (pointwise)"}


def test_the_start_of_a_judge_run_is_one_event() -> None:
    opened()
    runs = [start(RULES) for _ in range(2)]
    events = [(event.kind, event.subject) for event in recent() if runs[0].name in event.subject]
    assert events == [("job.start", f'judge run "{runs[0].name}"')]
