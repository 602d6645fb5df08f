"""What is sent to say what a reply must be stays the same to the byte: it is part of the key of every stored reply."""

import hashlib
import json

import pytest
from pydantic import BaseModel

from proutt_core.judge import pairwise, pointwise
from proutt_core.llm import ChatMessage, Prompt, ReplyType, call_key
from proutt_core.methods import prompted
from proutt_core.synthesis.stages import (
    category_label,
    category_reasons,
    insight,
    intent_tree,
    next_path,
    revise,
    similarity,
    wrong_path,
)
from proutt_core.types import PREDICTION_IDS, VIEWS, Path
from tests.llm.fakes import ScriptedModel

PROMPT = Prompt(stage="test", version=1, messages=(ChatMessage(role="user", content="Q"),))
ENGLISH, CHINESE, QUOTES = ("Hotel", "Garden Inn"), ("酒店", "故宫博物院"), ('Bob\'s "Inn"', "it's", "C:\\n")
TRUE = Path(view="mining", source="Hotel", node="parking", leaf="free")

REPLIES: dict[str, ReplyType[BaseModel]] = {
    "intent_tree": intent_tree.REPLY,
    "category_reasons": category_reasons.REPLY,
    "category_label": category_label.REPLY,
    "revise": revise.REPLY,
    "similarity of four, listed": similarity.listed_reply_type(PREDICTION_IDS),
    "similarity of two, listed": similarity.listed_reply_type(("e1", "e2")),
    "similarity of four": similarity.reply_type(PREDICTION_IDS),
    "similarity of two": similarity.reply_type(("e1", "e2")),
    "insight": insight.reply_type(ENGLISH, VIEWS),
    "insight, Chinese": insight.reply_type(CHINESE, VIEWS),
    "insight of one view": insight.reply_type(ENGLISH, ("exploration",)),
    "insight without a tree": insight.reply_type(None, VIEWS),
    "next_path": next_path.reply_type(ENGLISH, VIEWS),
    "next_path, Chinese": next_path.reply_type(CHINESE, VIEWS),
    "next_path of one view": next_path.reply_type(ENGLISH, ("mining",)),
    "next_path without a tree": next_path.reply_type(None, VIEWS),
    "wrong_path": wrong_path.reply_type(ENGLISH, (TRUE,)),
    "wrong_path, quotes": wrong_path.reply_type(QUOTES, ()),
    "wrong_path, one topic": wrong_path.reply_type(CHINESE[:1], ()),
    "wrong_path without a tree": wrong_path.reply_type(None, ()),
    "predict_direct": prompted.DIRECT_REPLY,
    "judge_pairwise": pairwise.REPLY,
    "judge_pointwise": pointwise.REPLY,
}

# Of each: the schema's name, the beginnings of the sha256 of its bytes as sent and of a call's key. A change makes
# every stored reply of the stage unknown: it would be asked for, and paid for, again.
PINNED = {
    "intent_tree": ("IntentTreeReply", "3fb71b41781904a0", "23048c8e355c8763"),
    "category_reasons": ("CategoryReasonsReply", "f7f5c46637dfc045", "325e74b0aa4917d4"),
    "category_label": ("CategoryReply", "cd401119764d58bf", "215ef91174c9baaf"),
    "revise": ("ReviseReply", "b4e14269036a055f", "30d1f297d93cbfd0"),
    "similarity of four, listed": ("SimilarityReply", "f9216de82f37fe31", "5761f6f03c041434"),
    "similarity of two, listed": ("SimilarityReply", "9c24cc87dd1a43fe", "61452ef459279e2c"),
    "similarity of four": ("SimilarityReply", "c437433a4396b0c6", "16b10f5365870382"),
    "similarity of two": ("SimilarityReply", "31b26e4d084cb910", "3c03ac3292ff10a9"),
    "insight": ("InsightReply", "59b2bcfebf99b4d0", "c2c734ff93a4aae8"),
    "insight, Chinese": ("InsightReply", "e2fd2a627e336d70", "1e9be57126143d16"),
    "insight of one view": ("InsightReply", "4e1893a327780cd3", "14ab57085bb7c7cc"),
    "insight without a tree": ("InsightReply", "b11eba5d281bf89a", "b7073b4d3d570780"),
    "next_path": ("NextPathReply", "09d18c7fbb86cffb", "a4b583123e72e1e7"),
    "next_path, Chinese": ("NextPathReply", "76e27bd28e62dd82", "f36fb3eb9176f4c3"),
    "next_path of one view": ("OneViewReply", "a306d16bfd0a4d27", "55e815e25ded1552"),
    "next_path without a tree": ("NextPathReply", "ffd2061eaed17833", "7784de2e37f8557d"),
    "wrong_path": ("WrongPathReply", "9f398c4a70768a78", "aad2b4c098d8388b"),
    "wrong_path, quotes": ("WrongPathReply", "366e793c0f682a3f", "bca571fa3c8eca9a"),
    "wrong_path, one topic": ("WrongPathReply", "f62718af350f0bcf", "cf653ceb5e10ff94"),
    "wrong_path without a tree": ("WrongPathReply", "c8f7b9d27b256fbe", "23ea2a3a42bca0ba"),
    "predict_direct": ("DirectReply", "25fb14ad9c70abf7", "bb4aa6b87ba85014"),
    "judge_pairwise": ("PairwiseReply", "29f230f3be69d206", "a562ba57f68455a7"),
    "judge_pointwise": ("PointwiseReply", "be9ff875abfc2ce7", "2a408d08aa3f188a"),
}

# Some of them in full, to see what the digests are of.
WRONG_PATH = (
    '{"additionalProperties": false, "required": ["paths"], "type": "object", "properties": {"paths": {"items": '
    '{"additionalProperties": false, "required": ["source", "node", "leaf"], "type": "object", "properties": '
    '{"source": SOURCE, "node": LINE, "leaf": LINE}}, "maxItems": 2, "minItems": 2, "type": "array"}}}'
)
LINE = r'{"pattern": "^[^\\x00-\\x1f\\x7f]{1,120}$", "type": "string"}'


def sent(reply: ReplyType[BaseModel]) -> str:
    return json.dumps(reply.json_schema, ensure_ascii=False)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@pytest.mark.parametrize("case", REPLIES)
def test_a_stored_reply_still_answers(case: str) -> None:
    reply = REPLIES[case]
    assert (reply.name, digest(sent(reply)), call_key(ScriptedModel(), PROMPT, reply)[:16]) == PINNED[case]


@pytest.mark.parametrize(
    ("case", "source"),
    [
        ("wrong_path, quotes", r"""{"enum": ["Bob's \"Inn\"", "it's", "C:\\n"], "type": "string"}"""),
        ("wrong_path, one topic", '{"enum": ["酒店"], "type": "string"}'),
        ("wrong_path without a tree", LINE),
    ],
)
def test_sources_are_the_trees_topics_or_any_line(case: str, source: str) -> None:
    assert sent(REPLIES[case]) == WRONG_PATH.replace("SOURCE", source).replace("LINE", LINE)
