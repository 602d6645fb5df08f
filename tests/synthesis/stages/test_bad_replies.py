"""Every stage asks again after a bad reply, and fails after a second one; what its schema cannot say is checked too."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from proutt_core.errors import ReplyError
from proutt_core.llm import Model
from proutt_core.synthesis.stages import STAGES, StageOptions
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
OPTIONS = StageOptions()
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
SCORES = {i: {"reason": "near", "score": 0.5} for i in ("e2", "m1", "e1", "m2")}
LISTED = StageOptions(older_prompts={"similarity": 2})

Call = Callable[[Model], Awaitable[Any]]

CALLS: dict[str, Call] = {
    "intent_tree": lambda m: extract_intent_tree(m, context=CONTEXT, options=OPTIONS),
    "category_reasons": lambda m: reason_categories(m, context=CONTEXT, options=OPTIONS),
    "category_label": lambda m: label_category(m, last_assistant="The Inn?", next_utterance=SAID, options=OPTIONS),
    "insight": lambda m: gain_insight(m, context=CONTEXT, tree=TREE, category="Question", options=OPTIONS),
    "similarity": lambda m: score_similarity(
        m, context=CONTEXT, next_utterance=SAID, predictions=a_trace().predictions, options=OPTIONS
    ),
    "next_path": lambda m: find_next_path(m, context=CONTEXT, tree=TREE, next_utterance=SAID, options=OPTIONS),
    "wrong_path": lambda m: find_wrong_paths(
        m, tree=TREE, view="mining", true=true_path(), later_utterances=("And a taxi?",), options=OPTIONS
    ),
    "revise": lambda m: revise_view(
        m,
        context=CONTEXT,
        tree=TREE,
        category="Question",
        view=VIEW,
        paths=(true_path().best, true_path().secondary),
        options=OPTIONS,
    ),
}


async def score_listed(model: Model) -> Any:
    return await score_similarity(
        model, context=CONTEXT, next_utterance=SAID, predictions=a_trace().predictions, options=LISTED
    )


GOOD: dict[str, Any] = {
    "intent_tree": TREE.model_dump(),
    "category_reasons": {"statement": "a", "question": "b", "instruction": "c"},
    "category_label": {"category": "Question"},
    "insight": INSIGHT,
    "similarity": SCORES,
    "next_path": {"view": "mining", "best": path("parking"), "secondary": path("pool")},
    "wrong_path": {"paths": [path("breakfast"), path("rooms")]},
    "revise": {"reasoning": "So.", "prediction_1": "One?", "prediction_2": "Two?"},
}


SECONDARY = true_path().secondary.model_dump(exclude={"view"})


def topics(*names: str) -> dict[str, Any]:
    return {"topics": [{"topic": n, "attributes": [{"attribute": "a", "value": "v"}]} for n in names]}


def listed(*changes: dict[str, Any]) -> dict[str, Any]:
    """As version 2 had them; `changes` in the order of SCORES."""
    entries = [{"id": id_} | score for id_, score in SCORES.items()]
    return {
        "scores": [entry | change for entry, change in zip(entries, changes, strict=False)] + entries[len(changes) :]
    }


SOURCE = "Input should be 'Hotel' or 'Museum'"
ID = "Input should be 'm1', 'm2', 'e1' or 'e2'"
CATEGORY = "Input should be 'Statement', 'Question' or 'Instruction'"
EMPTY = "String should have at least 1 character"

# As version 2 of the similarity stage was answered, which runs of that time still ask for.
BAD_LISTED: list[tuple[Any, str]] = [
    # m1 twice, e2 never
    (listed({"id": "m1"}), "Value error, each prediction needs exactly one score; missing: e2"),
    (listed({"score": 1.2}), "scores.0.score: Input should be less than or equal to 1"),
    (listed({"score": "0.5"}), "scores.0.score: Input should be a valid number"),
    ({"scores": listed()["scores"][:3]}, "scores: List should have at least 4 items after validation, not 3"),
    ({"scores": listed()["scores"] * 2}, "scores: List should have at most 4 items after validation, not 8"),
    (listed({"id": "x9"}), f"scores.0.id: {ID}"),
    (listed({"id": 1}, {"id": "M1"}), f"scores.0.id: {ID}; scores.1.id: {ID}"),
]

# Replies that are JSON of about the right shape and still must not pass, each with what the model is told of it: words
# that are part of the repair's key, so a stored repair answers only where they stay.
BAD: dict[str, list[tuple[Any, str]]] = {
    "intent_tree": [
        ({"topics": []}, "topics: List should have at least 1 item after validation, not 0"),
        ({"Hotel": {"price": "low"}}, "topics: Field required; Hotel: Extra inputs are not permitted"),
        (topics("Hotel", "HOTEL"), "Value error, topics named more than once: hotel; merge their attributes"),
        (topics("Ho\ntel"), r"topics.0.topic: String should match pattern '^[^\x00-\x1f\x7f]+$'"),
        (topics("x" * 121), "topics.0.topic: String should have at most 120 characters"),
        (
            topics(*(f"t{i}" for i in range(13))),
            "topics: List should have at most 12 items after validation, not 13",
        ),
        (
            {"topics": [{"topic": "Hotel", "attributes": []}]},
            "topics.0.attributes: List should have at least 1 item after validation, not 0",
        ),
    ],
    "category_reasons": [
        ({"statement": "a", "question": "b"}, "instruction: Field required"),
        ({"statement": "a", "question": "b", "instruction": " "}, f"instruction: {EMPTY}"),
    ],
    "category_label": [
        ({"category": "question"}, f"category: {CATEGORY}"),
        ({"category": "Exclamation"}, f"category: {CATEGORY}"),
        ("Question", "Input should be an object"),
    ],
    "insight": [
        (
            INSIGHT | {"mining": {"reasoning": "x", "predictions": [prediction("a")]}},
            "mining.predictions: List should have at least 2 items after validation, not 1",
        ),
        (
            INSIGHT | {"mining": {"reasoning": "x", "predictions": [prediction("a"), prediction("b", source="Zoo")]}},
            f"mining.predictions.1.source: {SOURCE}",
        ),
        (
            INSIGHT | {"exploration": {"reasoning": "x", "predictions": [prediction("a"), prediction("b", text="")]}},
            f"exploration.predictions.1.text: {EMPTY}",
        ),
        (
            INSIGHT
            | {
                "mining": {
                    "reasoning": "x",
                    "predictions": [prediction("a", source=" Hotel"), path("", source="hotel")],
                }
            },
            f"mining.predictions.0.source: {SOURCE}; mining.predictions.1.source: {SOURCE}; "
            f"mining.predictions.1.node: {EMPTY}; mining.predictions.1.text: Field required",
        ),
        ({"mining": INSIGHT["mining"]}, "exploration: Field required"),
    ],
    "similarity": [
        ({i: SCORES[i] for i in ("m1", "m2", "e1")}, "e2: Field required"),
        (SCORES | {"x9": SCORES["m1"]}, "x9: Extra inputs are not permitted"),
        (SCORES | {"m2": {"reason": "", "score": 1.2}}, "m2.score: Input should be less than or equal to 1"),
        (SCORES | {"m2": {"reason": "", "score": "0.5"}}, "m2.score: Input should be a valid number"),
        (SCORES | {"m2": 0.5}, "m2: Input should be an object"),
        (SCORES | {"m2": {"reason": "…", "score": 0.5}}, "m2.reason: write a text in place of the …"),
    ],
    "next_path": [
        (
            {"view": "mining", "best": path("parking"), "secondary": path(" PARKING ")},
            "Value error, best and secondary are the same path; the secondary must be another one",
        ),
        (
            {"view": "both", "best": path("parking"), "secondary": path("pool")},
            "view: Input should be 'mining' or 'exploration'",
        ),
        (
            {"view": "mining", "best": path("parking", source="Zoo"), "secondary": path("pool")},
            f"best.source: {SOURCE}",
        ),
        (
            {
                "view": "mining",
                "best": {**path("parking"), "source": ["Hotel"]},
                "secondary": {"node": "a", "leaf": "b"},
            },
            f"best.source: {SOURCE}; secondary.source: Field required",
        ),
    ],
    "wrong_path": [
        (
            {"paths": [path("breakfast"), path("breakfast")]},
            "Value error, the two paths are the same; give two different ones",
        ),
        (  # the true one
            {"paths": [path("breakfast"), path("Parking", leaf="FREE")]},
            "Value error, one of the paths is a true one; give two wrong ones",
        ),
        (  # the true one, read another way
            {"paths": [SECONDARY, path("breakfast")]},
            "Value error, one of the paths is a true one; give two wrong ones",
        ),
        ({"paths": [path("breakfast")]}, "paths: List should have at least 2 items after validation, not 1"),
        ({"paths": [path("breakfast"), path("rooms", source="Zoo")]}, f"paths.1.source: {SOURCE}"),
    ],
    "revise": [
        ({"reasoning": "So.", "prediction_1": "One?"}, "prediction_2: Field required"),
        ({"reasoning": "", "prediction_1": "a", "prediction_2": "b"}, f"reasoning: {EMPTY}"),
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


@pytest.mark.parametrize(("stage", "bad", "reason"), [(stage, *bad) for stage in STAGES for bad in BAD[stage]])
async def test_a_bad_reply_is_asked_again_and_a_second_one_fails_the_stage(stage: str, bad: Any, reason: str) -> None:
    repaired = ScriptedModel(**{stage: [text_of(bad), text_of(GOOD[stage])]})
    expected = await CALLS[stage](ScriptedModel(**{stage: [text_of(GOOD[stage])]}))
    assert await CALLS[stage](repaired) == expected
    repair = f"This reply cannot be used: {reason}\nAnswer again, complete, in the required format only."
    assert repaired.asked[1][0].messages[-1].content == repair
    failing = ScriptedModel(**{stage: [text_of(bad), text_of(bad)]})
    with pytest.raises(ReplyError, match=r"^the reply was refused twice: ") as caught:
        await CALLS[stage](failing)
    assert caught.value.raw == text_of(bad)


async def test_scores_are_read_by_id_whatever_their_order() -> None:
    given = {"e2": 0.4, "m2": 0.2, "m1": 0.1, "e1": 0.3}
    fields = {i: {"reason": "r", "score": s} for i, s in given.items()}
    entries = [{"id": i} | score for i, score in fields.items()]
    for call, reply in ((CALLS["similarity"], fields), (score_listed, {"scores": entries})):
        scores = await call(ScriptedModel(similarity=[text_of(reply)]))
        assert [(s.id, s.score) for s in scores] == [("m1", 0.1), ("m2", 0.2), ("e1", 0.3), ("e2", 0.4)]


@pytest.mark.parametrize(("bad", "reason"), BAD_LISTED)
async def test_a_run_of_the_earlier_version_asks_for_its_list_and_refuses_bad_ones(bad: Any, reason: str) -> None:
    model = ScriptedModel(similarity=[text_of(bad), text_of(listed())])
    assert await score_listed(model) == await CALLS["similarity"](ScriptedModel(similarity=[text_of(SCORES)]))
    assert [prompt.version for prompt, _ in model.asked] == [2002, 2002]
    assert f"This reply cannot be used: {reason}\n" in model.asked[1][0].messages[-1].content


@pytest.mark.parametrize("echoed", ["…", "...", " … ", '"…"', "<…>", "……", ". . .", "[...]", "⋯"])
async def test_the_placeholder_of_the_form_is_no_answer_whichever_way_it_is_written(echoed: str) -> None:
    bad, good = GOOD["revise"] | {"prediction_1": echoed}, GOOD["revise"]
    for text in (text_of(bad), json.dumps(bad)):  # also as an ASCII escape
        model = ScriptedModel(revise=[text, text_of(good)])
        await CALLS["revise"](model)
        assert "prediction_1: write a text in place of the …" in model.asked[1][0].messages[-1].content


@pytest.mark.parametrize("said", ["So …", "… and then?", "?", "-", "Well...", "5 €", "好……的"])
async def test_a_text_with_dots_in_it_is_an_answer(said: str) -> None:
    model = ScriptedModel(revise=[text_of(GOOD["revise"] | {"prediction_1": said})])
    assert (await CALLS["revise"](model)).predictions[0].text == said


async def test_a_true_path_of_the_other_view_forbids_nothing() -> None:
    reply = text_of({"paths": [path("parking", leaf="free"), path("rooms")]})
    model = ScriptedModel(wrong_path=[reply])
    await find_wrong_paths(
        model, tree=TREE, view="mining", true=true_path("exploration"), later_utterances=(), options=OPTIONS
    )
    assert len(model.asked) == 1


async def test_a_revision_makes_a_new_view_that_follows_the_paths() -> None:
    before = VIEW.model_copy(deep=True)
    revised = await CALLS["revise"](ScriptedModel(revise=[text_of(GOOD["revise"])]))
    assert [(p.id, p.text, p.path) for p in revised.predictions] == [
        (VIEW.predictions[0].id, "One?", true_path().best),
        (VIEW.predictions[1].id, "Two?", true_path().secondary),
    ]
    assert before == VIEW
