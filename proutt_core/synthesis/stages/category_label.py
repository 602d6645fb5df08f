"""Stage: of which category is what the user really said? Reads the assistant's last message and the next utterance."""

from proutt_core.llm import Model, Prompt, ReplyType, ask
from proutt_core.synthesis.stages._options import StageOptions
from proutt_core.synthesis.stages._preamble import stage_prompt
from proutt_core.synthesis.stages._replies import Reply
from proutt_core.types import Category

STAGE = "category_label"
VERSION = 2

TASK = """\
The assistant said:
{last_assistant}

The user replied:
{next_utterance}

Of which category is the user's reply? Where it holds several sentences, take the one that moves the dialogue on. \
Answer: {form}"""

FORM = '{"category":"Statement" or "Question" or "Instruction"}'


class CategoryReply(Reply):
    category: Category


REPLY = ReplyType(CategoryReply)


def prompt(*, last_assistant: str, next_utterance: str, options: StageOptions) -> Prompt:
    values = {"last_assistant": last_assistant, "next_utterance": next_utterance}
    return stage_prompt(
        stage=STAGE,
        version=VERSION,
        task=TASK.format(**values, form=FORM),
        values=values,
        options=options,
        names_language=False,
    )


async def label_category(model: Model, *, last_assistant: str, next_utterance: str, options: StageOptions) -> Category:
    question = prompt(last_assistant=last_assistant, next_utterance=next_utterance, options=options)
    return (await ask(model, question, REPLY)).category
