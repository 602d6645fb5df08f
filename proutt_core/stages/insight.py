"""Stage: what may the user say next? Reads context, tree and category, never the next utterance; returns both views."""

import functools
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field, create_model

from proutt_core.llm import Model, Prompt, ask
from proutt_core.stages._preamble import stage_prompt
from proutt_core.stages._replies import PathReply, ReasoningText, Reply, UtteranceText, source_field
from proutt_core.types import PREDICTION_IDS, Category, Insight, IntentTree, Message, Prediction, View, ViewReasoning

STAGE = "insight"
VERSION = 1

TASK = (
    "The user's next utterance is a {category}. For each view, reason from the tree and the assistant's last reply "
    "what the user may want next, naming the two paths, then give the two predictions that follow them. All four are "
    "of this category and differ. Answer in INSIGHT."
)


class PredictionReply(PathReply):
    text: UtteranceText


class ViewReply(Reply):
    reasoning: ReasoningText
    predictions: Annotated[Sequence[PredictionReply], Field(min_length=2, max_length=2)]


class InsightReply(Reply):
    mining: ViewReply
    exploration: ViewReply


@functools.lru_cache(maxsize=256)
def reply_type(topics: tuple[str, ...]) -> type[InsightReply]:
    prediction = create_model("PredictionReply", __base__=PredictionReply, source=source_field(topics))
    two = Annotated[list[prediction], Field(min_length=2, max_length=2)]
    view = create_model("ViewReply", __base__=ViewReply, predictions=(two, ...))
    return create_model("InsightReply", __base__=InsightReply, mining=(view, ...), exploration=(view, ...))


def prompt(*, context: Sequence[Message], tree: IntentTree, category: Category) -> Prompt:
    return stage_prompt(
        stage=STAGE,
        version=VERSION,
        task=TASK.format(category=category),
        values={"context": tuple(context), "tree": tree, "category": category},
        context=context,
        tree=tree,
    )


async def gain_insight(model: Model, *, context: Sequence[Message], tree: IntentTree, category: Category) -> Insight:
    asked = prompt(context=context, tree=tree, category=category)
    reply = await ask(model, asked, reply_type(tree.topic_names))
    return Insight(
        mining=_view("mining", reply.mining, PREDICTION_IDS[:2]),
        exploration=_view("exploration", reply.exploration, PREDICTION_IDS[2:]),
    )


def _view(view: View, reply: ViewReply, ids: tuple[str, ...]) -> ViewReasoning:
    first, second = (
        Prediction(id=id_, text=p.text, path=p.to_path(view)) for id_, p in zip(ids, reply.predictions, strict=True)
    )
    return ViewReasoning(view=view, reasoning=reply.reasoning, predictions=(first, second))
