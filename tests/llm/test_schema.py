"""The schemas sent to servers hold nothing that strict servers refuse."""

import json
import re
from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field, StringConstraints

from proutt_core.judge import pairwise, pointwise
from proutt_core.llm import ReplyType, parse_reply
from proutt_core.llm.providers import check
from proutt_core.llm.schema import Dialect, OneOf
from proutt_core.methods.prompted import DIRECT_REPLY
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
REPLIES: dict[str, ReplyType[BaseModel]] = {
    "intent_tree": intent_tree.REPLY,
    "category_reasons": category_reasons.REPLY,
    "category_label": category_label.REPLY,
    "insight": insight.reply_type(TOPICS, VIEWS),
    "similarity": similarity.reply_type(PREDICTION_IDS),
    "next_path": next_path.reply_type(TOPICS, VIEWS),
    "wrong_path": wrong_path.reply_type(TOPICS[:1], ()),
    "revise": revise.REPLY,
}

OTHERS: tuple[ReplyType[BaseModel], ...] = (DIRECT_REPLY, pairwise.REPLY, pointwise.REPLY, check.REPLY)


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


@pytest.mark.parametrize("reply", [*REPLIES.values(), DIRECT_REPLY], ids=lambda r: r.name)
def test_a_reply_schema_is_strict(reply: ReplyType[BaseModel]) -> None:
    schema = reply.json_schema
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
        n["properties"]["source"] for n in nodes(REPLIES[stage].json_schema) if "source" in n.get("properties", {})
    ]
    assert sources and all(s["enum"] == list(TOPICS) for s in sources)


def test_one_topic_is_an_enum_too() -> None:
    items = REPLIES["wrong_path"].json_schema["properties"]["paths"]["items"]
    assert items["properties"]["source"]["enum"] == ["酒店"]


def test_each_prediction_has_one_field_so_that_none_is_scored_twice_or_never() -> None:
    schema = REPLIES["similarity"].json_schema
    assert (list(schema["properties"]), schema["required"]) == (["m1", "m2", "e1", "e2"], ["m1", "m2", "e1", "e2"])


def test_prediction_ids_categories_and_views_are_enums() -> None:
    listed = similarity.listed_reply_type(PREDICTION_IDS).json_schema["properties"]["scores"]
    assert listed["items"]["properties"]["id"]["enum"] == ["m1", "m2", "e1", "e2"]
    assert (listed["minItems"], listed["maxItems"]) == (4, 4)
    category = REPLIES["category_label"].json_schema["properties"]["category"]
    assert category["enum"] == ["Statement", "Question", "Instruction"]
    assert REPLIES["next_path"].json_schema["properties"]["view"]["enum"] == ["mining", "exploration"]


LONG = frozenset(range(0x20)) | {0x7F, ord('"'), ord("\\")}


def texts(reply: ReplyType[BaseModel], dialect: Dialect) -> list[dict[str, Any]]:
    schema = json.loads(reply.written_in(dialect))
    return [node for node in nodes(schema) if node.get("type") == "string" and "enum" not in node]


@pytest.mark.parametrize("reply", [*REPLIES.values(), *OTHERS], ids=lambda r: r.name)
def test_servers_that_write_a_pattern_as_it_is_get_lengths_and_no_pattern(reply: ReplyType[BaseModel]) -> None:
    for text in texts(reply, "lengths"):
        assert "pattern" not in text and 1 <= text["maxLength"] <= 1000 and text.get("minLength", 1) == 1
    assert not [text for text in texts(reply, "plain") if {"pattern", "minLength", "maxLength"} & text.keys()]


@pytest.mark.parametrize("reply", [*REPLIES.values(), *OTHERS], ids=lambda r: r.name)
def test_a_pattern_lets_nothing_in_that_may_not_stand_between_two_quotes(reply: ReplyType[BaseModel]) -> None:
    for text in texts(reply, "patterns"):
        assert not {"minLength", "maxLength"} & text.keys()
        longest = int(text["pattern"].rpartition(",")[2].removesuffix("}$"))
        assert 1 <= longest <= 500
        pattern = re.compile(text["pattern"])
        assert pattern.fullmatch("北京's hotel, 5 €?") and pattern.fullmatch("x" * longest)
        assert not [c for c in LONG if pattern.fullmatch(chr(c))] and not pattern.fullmatch("x" * (longest + 1))


@pytest.mark.parametrize("dialect", ["lengths", "patterns", "plain", "words"])
def test_a_dialect_changes_nothing_but_the_bounds_of_texts(dialect: Dialect) -> None:
    for reply in (*REPLIES.values(), *OTHERS):
        written, whole = (list(nodes(json.loads(text))) for text in (reply.written_in(dialect), reply.json_text))
        bounds = {"pattern", "minLength", "maxLength", "minimum", "maximum"}
        for one, other in zip(written, whole, strict=True):
            figures = {"enum"} if one.get("type") == "number" else set()
            assert set(one.keys() ^ other.keys()) <= bounds | figures
            assert all(one[k] == other[k] for k in one if k in ("type", "required", "minItems", "maxItems"))


@pytest.mark.parametrize(
    ("dialect", "listed"), [("lengths", True), ("plain", True), ("patterns", False), ("words", False)]
)
def test_a_score_is_one_of_the_hundredths_where_grammars_hold_no_figure_to_its_bounds(
    dialect: Dialect, listed: bool
) -> None:
    figures = [n for n in nodes(json.loads(pointwise.REPLY.written_in(dialect))) if n.get("type") == "number"]
    expected = {"type": "number", "minimum": 0.0, "maximum": 1.0}
    assert len(figures) == 1 and (figures == [expected]) is not listed
    for figure in figures[0].get("enum", ()):
        assert parse_reply(json.dumps({"reason": "near", "score": figure}), pointwise.REPLY).score == figure
    assert len(figures[0].get("enum", ())) == (101 if listed else 0)


def test_every_reply_says_how_many_tokens_it_needs_at_most() -> None:
    tokens = {name: reply.most_tokens for name, reply in REPLIES.items()} | {r.name: r.most_tokens for r in OTHERS}
    assert all(256 <= most <= 2560 for most in tokens.values())
    assert tokens["category_label"] == 256 < tokens["next_path"] < tokens["revise"] < tokens["insight"]
    assert insight.reply_type(TOPICS * 9, VIEWS).most_tokens == tokens["insight"]  # whatever the item's own choices


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
        ReplyType(reply).json_schema  # noqa: B018  a property that raises
    assert ReplyType(Bounded).json_schema["properties"]["items"]["maxItems"] == 3


class Inner(BaseModel):
    source: Annotated[str, StringConstraints(min_length=1, max_length=9), OneOf("sources")]


class Outer(BaseModel):
    inner: Inner | None


def test_choices_of_one_item_are_not_mistaken_for_those_of_another() -> None:
    free = {"type": "string", "pattern": r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]{1,9}$"}
    for sources, expected in (
        (("a", "b"), {"enum": ["a", "b"], "type": "string"}),
        (("c",), {"enum": ["c"], "type": "string"}),
        (None, free),
    ):
        inner, _null = ReplyType(Outer, {"sources": sources}).json_schema["properties"]["inner"]["anyOf"]
        assert inner["properties"]["source"] == expected


@pytest.mark.parametrize(
    ("sources", "source", "refusal"),
    [
        (("a", "b"), "a", None),
        (("a", "b"), "c", "inner.source: Input should be 'a' or 'b'"),
        (("a", "b"), " a", "inner.source: Input should be 'a' or 'b'"),
        (("a",), "A", "inner.source: Input should be 'a'"),
        (("it's", 'say "hi"', "故宫\n"), "it", r"""inner.source: Input should be "it's", 'say "hi"' or '故宫\n'"""),
        (("a ten-letter name",), "a ten-letter name", None),  # where there are choices, they alone decide
        (None, "anything", None),
        (None, "", "inner.source: String should have at least 1 character"),
        (None, "more than nine", "inner.source: String should have at most 9 characters"),
    ],
)
def test_a_text_that_is_no_choice_is_refused_in_the_words_for_a_literal(
    sources: tuple[str, ...] | None, source: str, refusal: str | None
) -> None:
    text = Outer.model_construct(inner=Inner.model_construct(source=source)).model_dump_json()
    reply: ReplyType[Outer] = ReplyType(Outer, {"sources": sources})
    if refusal is None:
        assert parse_reply(text, reply).inner == Inner.model_construct(source=source)
    else:
        with pytest.raises(ValueError) as caught:
            parse_reply(text, reply)
        assert str(caught.value) == refusal


def test_choices_that_nobody_gave_are_a_bug_and_do_not_let_every_text_pass() -> None:
    with pytest.raises(KeyError, match="sources"):
        parse_reply('{"inner": {"source": "a"}}', ReplyType(Outer))
    with pytest.raises(KeyError, match="sources"):
        ReplyType(Outer).json_schema  # noqa: B018  a property that raises


@pytest.mark.parametrize("reply", [*REPLIES.values(), DIRECT_REPLY], ids=lambda r: r.name)
def test_the_sorted_text_differs_from_the_sent_one_in_order_only(reply: ReplyType[BaseModel]) -> None:
    assert list(reply.json_schema["properties"]) == list(reply.shape.model_fields)
    assert reply.json_text == json.dumps(reply.json_schema, separators=(",", ":"))
    assert reply.sorted_json_text == json.dumps(reply.json_schema, separators=(",", ":"), sort_keys=True)
