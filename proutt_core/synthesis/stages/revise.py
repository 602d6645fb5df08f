"""Stage: a view's reasoning rewritten along two paths, with a prediction for each. Never sees the next utterance."""

from collections.abc import Sequence

from proutt_core.llm import Model, Prompt, ReplyType, ask
from proutt_core.synthesis.stages._options import StageOptions
from proutt_core.synthesis.stages._preamble import path_line, stage_prompt
from proutt_core.synthesis.stages._replies import ReasoningText, Reply, UtteranceText
from proutt_core.types import Category, IntentTree, Message, Path, Prediction, ViewReasoning

STAGE = "revise"
VERSION = 2

TASK = """\
{known} a reasoning of the {view} view about {it}:
{reasoning}

Rewrite it, in about the same length and style, so that it leads to these two paths instead:
1. {path_1}
2. {path_2}
Then give the two predictions{of}: prediction_1 follows path 1, prediction_2 follows path 2. They differ. Do not \
mention that anything was rewritten. Answer: {form}"""

KNOWN = "The user's next utterance is a {category}. This is"
FORM = '{"reasoning":"…","prediction_1":"…","prediction_2":"…"}'


class ReviseReply(Reply):
    reasoning: ReasoningText
    prediction_1: UtteranceText
    prediction_2: UtteranceText


REPLY = ReplyType(ReviseReply)


def prompt(
    *,
    context: Sequence[Message],
    tree: IntentTree | None,
    category: Category | None,
    view: ViewReasoning,
    paths: tuple[Path, Path],
    options: StageOptions,
) -> Prompt:
    task = TASK.format(
        known="This is" if category is None else KNOWN.format(category=category),
        it="the user's next utterance" if category is None else "it",
        of="" if category is None else ", of this category",
        view=view.view,
        reasoning=view.reasoning,
        path_1=path_line(paths[0]),
        path_2=path_line(paths[1]),
        form=FORM,
    )
    return stage_prompt(
        stage=STAGE,
        version=VERSION,
        task=task,
        values={"context": tuple(context), "tree": tree, "category": category, "view": view, "paths": paths},
        context=context,
        tree=tree,
        options=options,
    )


async def revise_view(
    model: Model,
    *,
    context: Sequence[Message],
    tree: IntentTree | None,
    category: Category | None,
    view: ViewReasoning,
    paths: tuple[Path, Path],
    options: StageOptions,
) -> ViewReasoning:
    """A new view; `view` is left as it is. Prediction i keeps its id and follows path i."""
    question = prompt(context=context, tree=tree, category=category, view=view, paths=paths, options=options)
    reply = await ask(model, question, REPLY)
    old_1, old_2 = view.predictions
    return ViewReasoning(
        view=view.view,
        reasoning=reply.reasoning,
        predictions=(
            Prediction(id=old_1.id, text=reply.prediction_1, path=paths[0]),
            Prediction(id=old_2.id, text=reply.prediction_2, path=paths[1]),
        ),
    )
