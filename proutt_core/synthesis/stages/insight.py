"""Stage: what may the user say next? Reads context, tree and category, never the next utterance; returns both views."""

import functools
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field, create_model

from proutt_core.llm import Model, Prompt, ReplyType, ask
from proutt_core.synthesis.stages._options import StageOptions
from proutt_core.synthesis.stages._preamble import stage_prompt
from proutt_core.synthesis.stages._replies import PathReply, ReasoningText, Reply, UtteranceText
from proutt_core.types import IDS_OF_VIEW, Category, Insight, IntentTree, Message, Prediction, View, ViewReasoning

STAGE = "insight"
VERSION = 2

TASK = (
    "{known}For {each} view, reason from the {source} and the assistant's last reply what the user may want next, "
    "naming the two paths, then give the two predictions that follow them. {count} differ{of}. Answer: {form}"
)

KNOWN = "The user's next utterance is a {category}. "

FORM = (
    'where VIEW is {"reasoning":"…","predictions":[PREDICTION,PREDICTION]} and PREDICTION is '
    '{"source":"…","node":"…","leaf":"…","text":"…"}'
)


class PredictionReply(PathReply):
    text: UtteranceText


class ViewReply(Reply):
    reasoning: ReasoningText
    predictions: Annotated[list[PredictionReply], Field(min_length=2, max_length=2)]


def reply_type(topics: tuple[str, ...] | None, views: tuple[View, ...]) -> ReplyType[Reply]:
    return ReplyType(_shape(views), {"sources": topics})


@functools.cache
def _shape(views: tuple[View, ...]) -> type[Reply]:
    """A field for each view."""
    fields: dict[str, Any] = dict.fromkeys(views, (ViewReply, ...))
    return create_model("InsightReply", __base__=Reply, **fields)


def prompt(
    *,
    context: Sequence[Message],
    tree: IntentTree | None,
    category: Category | None,
    options: StageOptions,
) -> Prompt:
    views = options.views
    task = TASK.format(
        known="" if category is None else KNOWN.format(category=category),
        each="each" if len(views) == 2 else f"the {views[0]}",
        source="dialogue" if tree is None else "tree",
        count="All four" if len(views) == 2 else "The two",
        of="" if category is None else " and are of this category",
        form="{" + ",".join(f'"{view}":VIEW' for view in views) + "} " + FORM,
    )
    return stage_prompt(
        stage=STAGE,
        version=VERSION,
        task=task,
        values={"context": tuple(context), "tree": tree, "category": category, "views": views},
        context=context,
        tree=tree,
        options=options,
    )


async def gain_insight(
    model: Model,
    *,
    context: Sequence[Message],
    tree: IntentTree | None,
    category: Category | None,
    options: StageOptions,
) -> Insight:
    """The views that were not left out. `tree` and `category` are None where they were."""
    question = prompt(context=context, tree=tree, category=category, options=options)
    reply = await ask(model, question, reply_type(None if tree is None else tree.topic_names, options.views))
    return Insight(**{view: _view(view, getattr(reply, view)) for view in options.views})


def _view(view: View, reply: ViewReply) -> ViewReasoning:
    first, second = (
        Prediction(id=id_, text=p.text, path=p.to_path(view))
        for id_, p in zip(IDS_OF_VIEW[view], reply.predictions, strict=True)
    )
    return ViewReasoning(view=view, reasoning=reply.reasoning, predictions=(first, second))
