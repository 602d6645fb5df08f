"""Stage: two plausible but wrong paths of the view to perturb. Later utterances of the user, if any, inform them.

It reads the tree and not the context, which keeps its prompt short; where the tree was left out, the context instead.
"""

from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import Field, ValidationInfo, model_validator

from proutt_core.llm import Model, Prompt, ReplyType, ask
from proutt_core.llm.schema import condition
from proutt_core.synthesis.stages._options import StageOptions
from proutt_core.synthesis.stages._preamble import PATH_FORM, path_line, stage_prompt
from proutt_core.synthesis.stages._replies import PathReply, Reply, same_path
from proutt_core.types import IntentTree, Message, NextPath, Path, View

STAGE = "wrong_path"
VERSION = 2

TASK = """\
What the user says next follows the first of these paths of the {true_view} view; the second reads it another way:
{best}
{secondary}
{later}
Give two different paths of the {view} view that would have been plausible at this point but are wrong: they lead \
to something else than the paths above. Answer: {form}"""

FORM = '{"paths":[PATH,PATH]} where PATH is ' + PATH_FORM

LATER = """\
Only later did the user say the following, so a path to it is wrong at this point:
{utterances}
"""


class WrongPathReply(Reply):
    """Two paths that differ from each other and, in the true view, from the true ones: the condition `forbidden`."""

    paths: Annotated[list[PathReply], Field(min_length=2, max_length=2)]

    @model_validator(mode="after")
    def _two_wrong_paths(self, info: ValidationInfo) -> Self:
        first, second = self.paths
        if same_path(first, second):
            raise ValueError("the two paths are the same; give two different ones")
        if any(same_path(path, true) for path in self.paths for true in condition(info, "forbidden")):
            raise ValueError("one of the paths is a true one; give two wrong ones")
        return self


def reply_type(topics: tuple[str, ...] | None, forbidden: tuple[Path, ...]) -> ReplyType[WrongPathReply]:
    return ReplyType(WrongPathReply, {"sources": topics, "forbidden": forbidden})


def prompt(
    *,
    tree: IntentTree | None,
    view: View,
    true: NextPath,
    later_utterances: Sequence[str],
    context: Sequence[Message] | None = None,
    options: StageOptions,
) -> Prompt:
    later = LATER.format(utterances="\n".join(later_utterances)) if later_utterances else ""
    values = {"tree": tree, "view": view, "true": true, "later_utterances": tuple(later_utterances)}
    return stage_prompt(
        stage=STAGE,
        version=VERSION,
        task=TASK.format(
            true_view=true.view,
            best=path_line(true.best),
            secondary=path_line(true.secondary),
            later=later,
            view=view,
            form=FORM,
        ),
        values=values if context is None else values | {"context": tuple(context)},
        context=context,
        tree=tree,
        options=options,
    )


async def find_wrong_paths(
    model: Model,
    *,
    tree: IntentTree | None,
    view: View,
    true: NextPath,
    later_utterances: Sequence[str],
    context: Sequence[Message] | None = None,
    options: StageOptions,
) -> tuple[Path, Path]:
    """Two paths that are none of the true ones. `context` is given where there is no tree to take sources from."""
    # The middle branch revises chosen along both, so neither may be called wrong.
    forbidden = (true.best, true.secondary) if true.view == view else ()
    question = prompt(
        tree=tree,
        view=view,
        true=true,
        later_utterances=later_utterances,
        context=context,
        options=options,
    )
    reply = await ask(model, question, reply_type(None if tree is None else tree.topic_names, forbidden))
    first, second = reply.paths
    return first.to_path(view), second.to_path(view)
