"""Every stage asks again after a bad reply, and fails after a second one; what its schema cannot say is checked too."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from proutt_core.errors import ReplyError
from proutt_core.llm import Model
from proutt_core.synthesis.stages import STAGES
from proutt_core.synthesis.stages.category_label import label_category
from proutt_core.synthesis.stages.category_reasons import reason_categories
from proutt_core.synthesis.stages.insight import gain_insight
from proutt_core.synthesis.stages.intent_tree import extract_intent_tree
from proutt_core.synthesis.stages.next_path import find_next_path
from proutt_core.synthesis.stages.revise import revise_view
from proutt_core.synthesis.stages.similarity import score_similarity
from proutt_core.synthesis.stages.wrong_path import find_wrong_paths
from proutt_core.types import Attribute, IntentTree, Message, NextPath, Path, Topic
from tests.example_traces import a_trace
from tests.llm.fakes import ScriptedModel

pytestmark = pytest.mark.anyio

CONTEXT = (Message(role="user", content="A hotel, please."), Message(role="assistant", content="The Inn?"))
TREE = IntentTree(
    topics=(
        Topic(topic="Hotel", attributes=(Attribute(attribute="price", value="low"),)),
        Topic(topic="Museum", attributes=(Attribute(attribute="hours", value="9 to 5"),)),
    )
)
SAID = "How about parking?"
VIEW = a_trace().mining


def path(node: str, leaf: str = "x", source: str = "Hotel") -> dict[str, str]:
    return {"source": source, "node": node, "leaf": leaf}


def prediction(node: str, **changes: str) -> dict[str, str]:
    return path(node) | {"text": f"And {node}?"} | changes


def true_path(view: Any = "mining") -> NextPath:
    return NextPath(
        view=view,
        best=Path(view=view, source="Hotel", node="parking", leaf="free"),
        secondary=Path(view=view, source="Hotel", node="pool", leaf="open"),
    )


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


INSIGHT = {
    "mining": {"reasoning": "Because.", "predictions": [prediction("parking"), prediction("pool")]},
    "exploration": {"reasoning": "Because.", "predictions": [prediction("Train"), prediction("Taxi")]},
}
SCORES = [{"id": i, "reason": "near", "score": 0.5} for i in ("e2", "m1", "e1", "m2")]

Call = Callable[[Model], Awaitable[Any]]

CALLS: dict[str, Call] = {
    "intent_tree": lambda m: extract_intent_tree(m, context=CONTEXT),
    "category_reasons": lambda m: reason_categories(m, context=CONTEXT),
    "category_label": lambda m: label_category(m, last_assistant="The Inn?", next_utterance=SAID),
    "insight": lambda m: gain_insight(m, context=CONTEXT, tree=TREE, category="Question"),
    "similarity": lambda m: score_similarity(
        m, context=CONTEXT, next_utterance=SAID, predictions=a_trace().predictions
    ),
    "next_path": lambda m: find_next_path(m, context=CONTEXT, tree=TREE, next_utterance=SAID),
    "wrong_path": lambda m: find_wrong_paths(
        m, tree=TREE, view="mining", true=true_path(), later_utterances=("And a taxi?",)
    ),
    "revise": lambda m: revise_view(
        m,
        context=CONTEXT,
        tree=TREE,
        category="Question",
        view=VIEW,
        paths=(true_path().best, true_path().secondary),
    ),
}

GOOD: dict[str, Any] = {
    "intent_tree": TREE.model_dump(),
    "category_reasons": {"statement": "a", "question": "b", "instruction": "c"},
    "category_label": {"category": "Question"},
    "insight": INSIGHT,
    "similarity": {"scores": SCORES},
    "next_path": {"view": "mining", "best": path("parking"), "secondary": path("pool")},
    "wrong_path": {"paths": [path("breakfast"), path("rooms")]},
    "revise": {"reasoning": "So.", "prediction_1": "One?", "prediction_2": "Two?"},
}


SECONDARY = true_path().secondary.model_dump(exclude={"view"})


def topics(*names: str) -> dict[str, Any]:
    return {"topics": [{"topic": n, "attributes": [{"attribute": "a", "value": "v"}]} for n in names]}


def scores(*changes: dict[str, Any]) -> dict[str, Any]:
    return {"scores": [score | change for score, change in zip(SCORES, changes, strict=False)] + SCORES[len(changes) :]}


# Replies that are JSON of about the right shape and still must not pass.
BAD: dict[str, list[Any]] = {
    "intent_tree": [
        {"topics": []},
        {"Hotel": {"price": "low"}},
        topics("Hotel", "HOTEL"),
        topics("Ho\ntel"),
        topics("x" * 121),
        topics(*(f"t{i}" for i in range(13))),
        {"topics": [{"topic": "Hotel", "attributes": []}]},
    ],
    "category_reasons": [{"statement": "a", "question": "b"}, {"statement": "a", "question": "b", "instruction": " "}],
    "category_label": [{"category": "question"}, {"category": "Exclamation"}, "Question"],
    "insight": [
        INSIGHT | {"mining": {"reasoning": "x", "predictions": [prediction("a")]}},
        INSIGHT | {"mining": {"reasoning": "x", "predictions": [prediction("a"), prediction("b", source="Zoo")]}},
        INSIGHT | {"exploration": {"reasoning": "x", "predictions": [prediction("a"), prediction("b", text="")]}},
        {"mining": INSIGHT["mining"]},
    ],
    "similarity": [
        scores({"id": "m1"}),  # m1 twice, e2 never
        scores({"score": 1.2}),
        scores({"score": "0.5"}),
        {"scores": SCORES[:3]},
        {"scores": [*SCORES, SCORES[0]]},
        scores({"id": "x9"}),
    ],
    "next_path": [
        {"view": "mining", "best": path("parking"), "secondary": path(" PARKING ")},
        {"view": "both", "best": path("parking"), "secondary": path("pool")},
        {"view": "mining", "best": path("parking", source="Zoo"), "secondary": path("pool")},
    ],
    "wrong_path": [
        {"paths": [path("breakfast"), path("breakfast")]},
        {"paths": [path("breakfast"), path("Parking", leaf="FREE")]},  # the true one
        {"paths": [SECONDARY, path("breakfast")]},  # the true one, read another way
        {"paths": [path("breakfast")]},
        {"paths": [path("breakfast"), path("rooms", source="Zoo")]},
    ],
    "revise": [
        {"reasoning": "So.", "prediction_1": "One?"},
        {"reasoning": "", "prediction_1": "a", "prediction_2": "b"},
    ],
}


def text_of(reply: Any) -> str:
    return json.dumps(reply, ensure_ascii=False)


def test_every_stage_has_bad_reply_tests() -> None:
    assert set(CALLS) == set(GOOD) == set(BAD) == set(STAGES)


@pytest.mark.parametrize("stage", STAGES)
async def test_a_good_reply_is_taken_at_once(stage: str) -> None:
    model = ScriptedModel(**{stage: [text_of(GOOD[stage])]})
    await CALLS[stage](model)
    assert len(model.asked) == 1


@pytest.mark.parametrize(("stage", "bad"), [(stage, bad) for stage in STAGES for bad in BAD[stage]])
async def test_a_bad_reply_is_asked_again_and_a_second_one_fails_the_stage(stage: str, bad: Any) -> None:
    repaired = ScriptedModel(**{stage: [text_of(bad), text_of(GOOD[stage])]})
    expected = await CALLS[stage](ScriptedModel(**{stage: [text_of(GOOD[stage])]}))
    assert await CALLS[stage](repaired) == expected
    failing = ScriptedModel(**{stage: [text_of(bad), text_of(bad)]})
    with pytest.raises(ReplyError, match=r"^the reply was refused twice: ") as caught:
        await CALLS[stage](failing)
    assert caught.value.raw == text_of(bad)


async def test_scores_are_read_by_id_whatever_their_order() -> None:
    shuffled = [{"id": i, "reason": "r", "score": s} for i, s in (("e2", 0.4), ("m2", 0.2), ("m1", 0.1), ("e1", 0.3))]
    model = ScriptedModel(similarity=[text_of({"scores": shuffled})])
    found = await CALLS["similarity"](model)
    assert [(s.id, s.score) for s in found] == [("m1", 0.1), ("m2", 0.2), ("e1", 0.3), ("e2", 0.4)]


async def test_a_true_path_of_the_other_view_forbids_nothing() -> None:
    reply = text_of({"paths": [path("parking", leaf="free"), path("rooms")]})
    model = ScriptedModel(wrong_path=[reply])
    await find_wrong_paths(model, tree=TREE, view="mining", true=true_path("exploration"), later_utterances=())
    assert len(model.asked) == 1


async def test_a_revision_makes_a_new_view_that_follows_the_paths() -> None:
    before = VIEW.model_copy(deep=True)
    revised = await CALLS["revise"](ScriptedModel(revise=[text_of(GOOD["revise"])]))
    assert [(p.id, p.text, p.path) for p in revised.predictions] == [
        (VIEW.predictions[0].id, "One?", true_path().best),
        (VIEW.predictions[1].id, "Two?", true_path().secondary),
    ]
    assert before == VIEW
