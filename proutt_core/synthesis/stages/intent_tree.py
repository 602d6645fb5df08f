"""Stage: what has the user asked for so far? Reads the context, returns the intent tree."""

from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import Field, model_validator

from proutt_core.llm import Model, Prompt, ReplyType, ask
from proutt_core.synthesis.stages._options import StageOptions
from proutt_core.synthesis.stages._preamble import stage_prompt
from proutt_core.synthesis.stages._replies import Line, Reply
from proutt_core.types import Attribute, IntentTree, Message, Topic

STAGE = "intent_tree"
VERSION = 2

TASK = (
    "Build the intent tree of the whole dialogue: every topic the user brought up, newest last; 1 to 12 topics with 1 "
    "to 12 attributes each, topic names differ. "
    'Answer: {"topics":[{"topic":"…","attributes":[{"attribute":"…","value":"…"}]}]}'
)


class AttributeReply(Reply):
    attribute: Line
    value: Line


class TopicReply(Reply):
    topic: Line
    attributes: Annotated[list[AttributeReply], Field(min_length=1, max_length=12)]


class IntentTreeReply(Reply):
    topics: Annotated[list[TopicReply], Field(min_length=1, max_length=12)]

    @model_validator(mode="after")
    def _is_a_tree(self) -> Self:
        self.to_tree()
        return self

    def to_tree(self) -> IntentTree:
        return IntentTree(
            topics=tuple(
                Topic(
                    topic=t.topic,
                    attributes=tuple(Attribute(attribute=a.attribute, value=a.value) for a in t.attributes),
                )
                for t in self.topics
            )
        )


REPLY = ReplyType(IntentTreeReply)


def prompt(context: Sequence[Message], options: StageOptions) -> Prompt:
    return stage_prompt(
        stage=STAGE,
        version=VERSION,
        task=TASK,
        values={"context": tuple(context)},
        context=context,
        options=options,
    )


async def extract_intent_tree(model: Model, *, context: Sequence[Message], options: StageOptions) -> IntentTree:
    reply = await ask(model, prompt(context, options), REPLY)
    return reply.to_tree()
