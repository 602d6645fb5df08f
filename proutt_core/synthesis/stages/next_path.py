"""Stage: which way leads to what the user really said? Returns the true view and two paths of it."""

from collections.abc import Sequence
from typing import Self, TypeVar

from pydantic import model_validator

from proutt_core.llm import Model, Prompt, ReplyType, ask
from proutt_core.synthesis.stages._options import StageOptions
from proutt_core.synthesis.stages._preamble import PATH_FORM, stage_prompt
from proutt_core.synthesis.stages._replies import PathReply, Reply, same_path
from proutt_core.types import IntentTree, Message, NextPath, View

R = TypeVar("R", bound=Reply)

STAGE = "next_path"
VERSION = 2

TASK = """\
The user's next utterance was:
{next_utterance}

{which} leads to it best? Give also a secondary path of the same view: another way to read what the utterance aims \
at. Do not quote the utterance in a path. Answer: {form}"""

BOTH = "Which view does it belong to, and which path of that view"
ONE = "Which path of the {view} view"
PATHS = '"best":PATH,"secondary":PATH} where PATH is ' + PATH_FORM
FORM_OF_BOTH = '{"view":"mining" or "exploration",' + PATHS
FORM_OF_ONE = "{" + PATHS


class OneViewReply(Reply):
    """Where a view was left out there is none to choose."""

    best: PathReply
    secondary: PathReply

    @model_validator(mode="after")
    def _two_paths(self) -> Self:
        return _require_two(self, self.best, self.secondary)


class NextPathReply(Reply):
    view: View
    best: PathReply
    secondary: PathReply

    @model_validator(mode="after")
    def _two_paths(self) -> Self:
        return _require_two(self, self.best, self.secondary)


def _require_two(reply: R, best: PathReply, secondary: PathReply) -> R:
    if same_path(best, secondary):
        raise ValueError("best and secondary are the same path; the secondary must be another one")
    return reply


def reply_type(topics: tuple[str, ...] | None, views: tuple[View, ...]) -> ReplyType[NextPathReply | OneViewReply]:
    return ReplyType(NextPathReply if len(views) == 2 else OneViewReply, {"sources": topics})


def prompt(
    *,
    context: Sequence[Message],
    tree: IntentTree | None,
    next_utterance: str,
    options: StageOptions,
) -> Prompt:
    views = options.views
    return stage_prompt(
        stage=STAGE,
        version=VERSION,
        task=TASK.format(
            next_utterance=next_utterance,
            which=BOTH if len(views) == 2 else ONE.format(view=views[0]),
            form=FORM_OF_BOTH if len(views) == 2 else FORM_OF_ONE,
        ),
        values={"context": tuple(context), "tree": tree, "next_utterance": next_utterance, "views": views},
        context=context,
        tree=tree,
        options=options,
    )


async def find_next_path(
    model: Model,
    *,
    context: Sequence[Message],
    tree: IntentTree | None,
    next_utterance: str,
    options: StageOptions,
) -> NextPath:
    """Where a view was left out, the other one is the true one, and the paths are the nearest it has."""
    views = options.views
    question = prompt(context=context, tree=tree, next_utterance=next_utterance, options=options)
    reply = await ask(model, question, reply_type(None if tree is None else tree.topic_names, views))
    view = reply.view if isinstance(reply, NextPathReply) else views[0]
    return NextPath(view=view, best=reply.best.to_path(view), secondary=reply.secondary.to_path(view))
