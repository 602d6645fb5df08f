"""Stage: why might the next utterance be of each category? Reads the context, never the next utterance."""

from collections.abc import Sequence

from proutt_core.llm import Model, Prompt, ReplyType, ask
from proutt_core.synthesis.stages._options import StageOptions
from proutt_core.synthesis.stages._preamble import stage_prompt
from proutt_core.synthesis.stages._replies import ReasoningText, Reply
from proutt_core.types import CategoryReasons, Message

STAGE = "category_reasons"
VERSION = 2

TASK = (
    "For each of the three categories, argue in two to four sentences, above all from the assistant's last reply, why "
    "the user's next utterance will be of it. Argue each as if it were the only one. "
    'Answer: {"statement":"…","question":"…","instruction":"…"}'
)


class CategoryReasonsReply(Reply):
    statement: ReasoningText
    question: ReasoningText
    instruction: ReasoningText


REPLY = ReplyType(CategoryReasonsReply)


def prompt(context: Sequence[Message], options: StageOptions) -> Prompt:
    return stage_prompt(
        stage=STAGE,
        version=VERSION,
        task=TASK,
        values={"context": tuple(context)},
        context=context,
        options=options,
    )


async def reason_categories(model: Model, *, context: Sequence[Message], options: StageOptions) -> CategoryReasons:
    reply = await ask(model, prompt(context, options), REPLY)
    return CategoryReasons(statement=reply.statement, question=reply.question, instruction=reply.instruction)
