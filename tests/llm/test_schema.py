"""The schemas sent to servers hold nothing that strict servers refuse."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, create_model

from proutt_core.llm import reply_schema
from proutt_core.llm.schema import _plain
from proutt_core.methods.prompted import DirectReply
from proutt_core.synthesis.stages import (
    STAGES,
    category_label,
    category_reasons,
    insight,
    intent_tree,
    next_path,
    revise,
    similarity,
    wrong_path,
)
from proutt_core.types import PREDICTION_IDS, VIEWS

TOPICS = ("酒店", "Garden Inn")
REPLIES: dict[str, type[BaseModel]] = {
    "intent_tree": intent_tree.IntentTreeReply,
    "category_reasons": category_reasons.CategoryReasonsReply,
    "category_label": category_label.CategoryReply,
    "insight": insight.reply_type(TOPICS, VIEWS),
    "similarity": similarity.reply_type(PREDICTION_IDS),
    "next_path": next_path.reply_type(TOPICS, VIEWS),
    "wrong_path": wrong_path.reply_type(TOPICS[:1], ()),
    "revise": revise.ReviseReply,
}


def nodes(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
        for value in schema.values():
            yield from nodes(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from nodes(value)


def test_every_stage_is_audited() -> None:
    assert set(REPLIES) == set(STAGES)


@pytest.mark.parametrize("reply", [*REPLIES.values(), DirectReply], ids=lambda r: r.__name__)
def test_a_reply_schema_is_strict(reply: type[BaseModel]) -> None:
    schema = reply_schema(reply)
    assert schema["type"] == "object"
    for node in nodes(schema):
        refused = {"$ref", "$defs", "prefixItems", "oneOf", "const", "minLength", "maxLength", "default"}
        assert not refused & node.keys()
        if node.get("type") == "object":
            assert node["additionalProperties"] is False
            assert node["required"] == list(node["properties"])
        if node.get("type") == "array":
            assert node["maxItems"] <= 12 and node["minItems"] >= 1
        if node.get("type") == "string" and "enum" not in node:
            assert node["pattern"].startswith("^[^\\x00-") and node["pattern"].endswith("}$")
        if node.get("type") == "number":
            assert (node["minimum"], node["maximum"]) == (0, 1)


@pytest.mark.parametrize("stage", ["insight", "next_path"])
def test_sources_are_an_enum_of_the_trees_topics(stage: str) -> None:
    sources = [
        n["properties"]["source"] for n in nodes(reply_schema(REPLIES[stage])) if "source" in n.get("properties", {})
    ]
    assert sources and all(s["enum"] == list(TOPICS) for s in sources)


def test_one_topic_is_an_enum_too() -> None:
    items = reply_schema(REPLIES["wrong_path"])["properties"]["paths"]["items"]
    assert items["properties"]["source"]["enum"] == ["酒店"]


def test_prediction_ids_categories_and_views_are_enums() -> None:
    scores = reply_schema(REPLIES["similarity"])["properties"]["scores"]
    assert scores["items"]["properties"]["id"]["enum"] == ["m1", "m2", "e1", "e2"]
    assert (scores["minItems"], scores["maxItems"]) == (4, 4)
    category = reply_schema(REPLIES["category_label"])["properties"]["category"]
    assert category["enum"] == ["Statement", "Question", "Instruction"]
    assert reply_schema(REPLIES["next_path"])["properties"]["view"]["enum"] == ["mining", "exploration"]


class OpenMap(BaseModel):
    tree: dict[str, str]


class Pair(BaseModel):
    two: tuple[int, str]


class Endless(BaseModel):
    items: list[int]


class Bounded(BaseModel):
    items: Annotated[list[int], Field(max_length=3)]


@pytest.mark.parametrize("reply", [OpenMap, Pair, Endless])
def test_what_strict_servers_refuse_is_refused_here(reply: type[BaseModel]) -> None:
    with pytest.raises(TypeError, match=reply.__name__):
        reply_schema(reply)
    assert reply_schema(Bounded)["properties"]["items"]["maxItems"] == 3


@pytest.mark.parametrize("reply", [*REPLIES.values(), DirectReply], ids=lambda r: r.__name__)
def test_the_schema_is_pydantics_own_in_the_words_of_strict_servers(reply: type[BaseModel]) -> None:
    raw = reply.model_json_schema()
    assert reply_schema(reply) == _plain(raw, raw.get("$defs", {}), reply.__name__)


def test_types_of_one_name_with_other_topics_are_not_mistaken_for_each_other() -> None:
    class Inner(BaseModel):
        source: Literal["a", "b"]

    first = create_model("Outer", inner=(Inner | None, ...))
    other = create_model("Inner", source=(Literal["c"], ...))
    second = create_model("Outer", inner=(other | None, ...))
    for made, source in ((first, ["a", "b"]), (second, ["c"])):
        (one, _null) = reply_schema(made)["properties"]["inner"]["anyOf"]
        assert one["properties"]["source"]["enum"] == source
