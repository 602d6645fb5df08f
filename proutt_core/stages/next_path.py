"""Stage: which way through the tree leads to what the user really said? Returns the true view and two paths of it."""

import functools
from collections.abc import Sequence
from typing import Self

from pydantic import create_model, model_validator

from proutt_core.llm import Model, Prompt, ask
from proutt_core.stages._preamble import stage_prompt
from proutt_core.stages._replies import PathReply, Reply, same_path, source_field
from proutt_core.types import IntentTree, Message, NextPath, View

STAGE = "next_path"
VERSION = 1

TASK = """\
The user's next utterance was:
{next_utterance}

Which view does it belong to, and which path of that view leads to it best? Give also a secondary path of the same \
view: another way to read what the utterance aims at. Do not quote the utterance in a path. Answer in TRUE_PATHS."""


class NextPathReply(Reply):
    view: View
    best: PathReply
    secondary: PathReply

    @model_validator(mode="after")
    def _two_paths(self) -> Self:
        if same_path(self.best, self.secondary):
            raise ValueError("best and secondary are the same path; the secondary must be another one")
        return self


@functools.lru_cache(maxsize=256)
def reply_type(topics: tuple[str, ...]) -> type[NextPathReply]:
    path = create_model("PathReply", __base__=PathReply, source=source_field(topics))
    return create_model("NextPathReply", __base__=NextPathReply, best=(path, ...), secondary=(path, ...))


def prompt(*, context: Sequence[Message], tree: IntentTree, next_utterance: str) -> Prompt:
    return stage_prompt(
        stage=STAGE,
        version=VERSION,
        task=TASK.format(next_utterance=next_utterance),
        values={"context": tuple(context), "tree": tree, "next_utterance": next_utterance},
        context=context,
        tree=tree,
    )


async def find_next_path(
    model: Model, *, context: Sequence[Message], tree: IntentTree, next_utterance: str
) -> NextPath:
    asked = prompt(context=context, tree=tree, next_utterance=next_utterance)
    reply = await ask(model, asked, reply_type(tree.topic_names))
    return NextPath(view=reply.view, best=reply.best.to_path(reply.view), secondary=reply.secondary.to_path(reply.view))
