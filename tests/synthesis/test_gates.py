"""Each gate fails on what it is for, and only on that."""

from typing import Any

import pytest

from proutt_core.synthesis.gates import GATES, PairEvidence, best_predictions, check_gates
from proutt_core.types import Insight, Message, Path, SimilarityScore, Trace
from tests.example_traces import a_trace

SAID = "Could we swim in the pool tonight?"
LONG_CHINESE = "我想去八达岭长城玩"


def evidence(**changes: Any) -> PairEvidence:
    values: dict[str, Any] = {
        "chosen": a_trace(" now"),
        "rejected": a_trace(" later"),
        "branch": "mid",
        "next_utterance": SAID,
        "best_predictions": (a_trace(" now").mining.predictions[0].text,),
    }
    return PairEvidence(**values | changes)


def failed(changed: PairEvidence) -> list[str]:
    return [f.gate for f in check_gates(changed)]


def retold(trace: Trace, *, texts: list[str] | None = None, reasoning: str | None = None) -> Trace:
    """The trace with other mining texts or another mining reasoning."""
    update: dict[str, Any] = {}
    if texts is not None:
        pairs = zip(trace.mining.predictions, texts, strict=True)
        update["predictions"] = tuple(p.model_copy(update={"text": t}) for p, t in pairs)
    if reasoning is not None:
        update["reasoning"] = reasoning
    return trace.with_view(trace.mining.model_copy(update=update))


def repathed(trace: Trace, path: Path) -> Trace:
    view = trace.view(path.view)
    first, second = view.predictions
    return trace.with_view(view.model_copy(update={"predictions": (first.model_copy(update={"path": path}), second)}))


def test_the_names_are_stable() -> None:
    assert list(GATES) == [
        "same_traces",
        "best_prediction_kept",
        "leaked_utterance",
        "repeated_prediction",
        "unknown_path",
        "other_script",
    ]


def test_a_good_pair_passes_all() -> None:
    assert check_gates(evidence()) == ()


def test_same_traces_up_to_case_and_white_space() -> None:
    loud = retold(a_trace(), reasoning=a_trace().mining.reasoning.upper() + " ")
    assert failed(evidence(chosen=a_trace(), rejected=loud, best_predictions=())) == ["same_traces"]


@pytest.mark.parametrize("branch", ["high", "mid"])
def test_the_best_prediction_must_not_stay_in_rejected(branch: str) -> None:
    best = (f"  {a_trace(' later').exploration.predictions[1].text.upper()}",)
    assert failed(evidence(branch=branch, best_predictions=best)) == ["best_prediction_kept"]


def test_in_the_low_branch_rejected_is_the_insight_with_its_best_prediction() -> None:
    best = (a_trace(" later").exploration.predictions[1].text,)
    assert failed(evidence(branch="low", best_predictions=best)) == []


def test_rejected_must_not_predict_what_the_user_really_said() -> None:
    rejected = retold(a_trace(" later"), texts=[SAID.upper(), "Something else"])
    assert failed(evidence(rejected=rejected)) == ["best_prediction_kept"]


@pytest.mark.parametrize(
    ("utterance", "reasoning", "leaks"),
    [
        (SAID, f"The user says: {SAID}", True),
        (SAID, 'They wonder "could we SWIM  in\nthe pool tonight", I think.', True),
        (SAID, "The user may want to swim in the pool.", False),
        ("Thanks a lot", "They say thanks a lot.", False),  # 3 words: too short to be a quotation
        (LONG_CHINESE, f"用户说{LONG_CHINESE}。", True),
        (LONG_CHINESE + "！", f"用户说{LONG_CHINESE}。", True),
        ("我想去长城", "用户会说我想去长城。", False),  # 5 characters
    ],
)
def test_the_next_utterance_must_not_be_quoted(utterance: str, reasoning: str, leaks: bool) -> None:
    chosen = retold(a_trace(" now"), reasoning=reasoning)
    assert failed(evidence(chosen=chosen, next_utterance=utterance)) == (["leaked_utterance"] if leaks else [])


def test_all_three_reasonings_of_chosen_are_searched_and_rejected_is_not() -> None:
    for field in ("category", "exploration"):
        trace = a_trace(" now")
        view = trace.exploration.model_copy(update={"reasoning": f"So: {SAID}"})
        changed = (
            trace.model_copy(update={"category_reasoning": f"So: {SAID}"})
            if field == "category"
            else trace.with_view(view)
        )
        (failure,) = check_gates(evidence(chosen=changed))
        assert failure.gate == "leaked_utterance" and field in failure.detail
    assert failed(evidence(rejected=retold(a_trace(" later"), reasoning=f"So: {SAID}"))) == []


@pytest.mark.parametrize("part", ["node", "leaf"])
def test_a_path_of_chosen_must_not_quote_the_next_utterance(part: str) -> None:
    labels = {"view": "mining", "source": a_trace().tree.topic_names[0], "node": "pool", "leaf": "open"}
    quoting = Path.model_validate(labels | {part: SAID})
    (failure,) = check_gates(evidence(chosen=repathed(a_trace(" now"), quoting)))
    assert failure.gate == "leaked_utterance" and "paths" in failure.detail
    assert failed(evidence(rejected=repathed(a_trace(" later"), quoting))) == []


@pytest.mark.parametrize("side", ["chosen", "rejected"])
def test_four_different_predictions_on_each_side(side: str) -> None:
    trace = a_trace(" now" if side == "chosen" else " later")
    repeated = retold(trace, texts=["Twice said", "twice  SAID"])
    assert failed(evidence(**{side: repeated}, best_predictions=())) == ["repeated_prediction"]


@pytest.mark.parametrize("side", ["chosen", "rejected"])
def test_sources_are_topics_and_exploration_leads_to_new_ones(side: str) -> None:
    trace = a_trace(" now" if side == "chosen" else " later")
    topic = trace.tree.topic_names[0]
    nowhere = Path(view="mining", source="Nowhere", node="price", leaf="low")
    circle = Path(view="exploration", source=topic, node=topic.upper(), leaf="x")
    for path in (nowhere, circle):
        (failure,) = check_gates(evidence(**{side: repathed(trace, path)}))
        assert failure.gate == "unknown_path" and side in failure.detail


def test_mining_may_lead_back_to_a_topic() -> None:
    trace = a_trace(" now")
    topic = trace.tree.topic_names[0]
    assert failed(evidence(chosen=repathed(trace, Path(view="mining", source=topic, node=topic, leaf="x")))) == []


def test_all_predictions_with_the_top_score_are_best() -> None:
    trace = a_trace()
    insight = Insight(mining=trace.mining, exploration=trace.exploration)
    ids = [p.id for p in trace.predictions]
    scores = tuple(SimilarityScore(id=i, score=s, reason="") for i, s in zip(ids, (0.5, 0.9, 0.9, 0.1), strict=True))
    assert best_predictions(insight, scores) == (trace.predictions[1].text, trace.predictions[2].text)


CHINESE = "我想在博物馆附近订一家酒店。"
ENGLISH = "I need a hotel near the museum."


@pytest.mark.parametrize(
    ("user", "predicted", "fails"),
    [
        (CHINESE, "What does the room cost?", True),
        (CHINESE, "房间多少钱？", False),
        (CHINESE, "iPhone 15 Pro?", False),  # 2 words: may be said in any language
        (CHINESE, "12 34 56 78 90", False),
        (CHINESE, "Garden Inn 多少钱？", False),
        (CHINESE, "방은 얼마예요 지금 하루에?", True),
        ("ホテルを予約したいのですが。", "はい、お願いします。", False),
        (ENGLISH, "房间多少钱？", True),
        (ENGLISH, "价格？", False),  # 2 characters: too short to be sure
        (ENGLISH, "How do I say 房间多少钱 in a hotel?", False),
        (f"{CHINESE} Garden Inn, please, or any other one near it.", "What does the room cost?", False),  # mixed
        ("OK", "房间多少钱？", False),  # too short to know what the user writes
    ],
)
def test_predictions_are_in_the_script_that_the_user_writes(user: str, predicted: str, fails: bool) -> None:
    context = (Message(role="user", content=user), Message(role="assistant", content="Of course. 好的。"))

    def ending_with(trace: Trace, last: str) -> Trace:
        """All four in the language of the case; only the last one is on trial."""
        own = ["…", "??", "!", last]
        pairs = zip(trace.predictions, own, strict=True)
        first, second, third, fourth = (p.model_copy(update={"text": text}) for p, text in pairs)
        mining = trace.mining.model_copy(update={"predictions": (first, second)})
        exploration = trace.exploration.model_copy(update={"predictions": (third, fourth)})
        return trace.model_copy(update={"mining": mining, "exploration": exploration})

    for side in ("chosen", "rejected"):
        sides = {"chosen": ending_with(a_trace(" now"), "1"), "rejected": ending_with(a_trace(" later"), "2")}
        sides[side] = ending_with(sides[side], predicted)
        failures = check_gates(evidence(**sides, context=context, best_predictions=(), next_utterance="?"))
        assert [f.gate for f in failures] == (["other_script"] if fails else []), failures
        assert not fails or (side in failures[0].detail and predicted in failures[0].detail)
