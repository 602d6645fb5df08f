"""Judge each set of predictions alone, with a score from 0 to 1; the verdict is the sign of the difference."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from proutt_core.judge._prompt import messages, set_text, system_text
from proutt_core.llm import Model, Prompt, ReplyType, ask
from proutt_core.types import Message, Reasoning, Value, Verdict

STAGE = "judge_pointwise"
VERSION = 2

_QUESTION = """\
Score the set from 0 to 1: 1 where one of its utterances has exactly the intent of what this user says next, 0.5 where \
one comes close in topic but wants something else, 0 where none is related. Use the values between. Give your reason \
before the score, in at most three sentences."""
_INSTRUCTION = (
    'How well does the set anticipate the user? Reply with JSON: {"reason": "…", "score": a number from 0 to 1}'
)

# Two scores that are equal as written must not differ by a rounding of their difference.
_ROUNDING = 1e-9


class PointwiseReply(Value):
    reason: Reasoning
    score: Annotated[float, Field(ge=0.0, le=1.0)]


REPLY = ReplyType(PointwiseReply)


def pointwise_prompt(*, context: Sequence[Message], next_utterance: str | None, predictions: Sequence[str]) -> Prompt:
    return Prompt(
        stage=STAGE,
        version=VERSION,
        messages=messages(
            system=system_text(_QUESTION, shows_next=next_utterance is not None),
            context=context,
            next_utterance=next_utterance,
            sets=set_text("The set", predictions),
            instruction=_INSTRUCTION,
        ),
        values={"context": tuple(context), "next_utterance": next_utterance, "predictions": tuple(predictions)},
    )


async def judge_pointwise(
    model: Model, *, context: Sequence[Message], next_utterance: str | None, predictions: Sequence[str]
) -> PointwiseReply:
    """Raises ModelError; an unreadable reply is a ReplyError."""
    prompt = pointwise_prompt(context=context, next_utterance=next_utterance, predictions=predictions)
    return await ask(model, prompt, REPLY)


def verdict_of_scores(score_a: float, score_b: float, *, tie_margin: float = 0.0) -> Verdict:
    """The sign of the difference; a tie where the scores are no further apart than `tie_margin`."""
    difference = score_a - score_b
    if abs(difference) <= tie_margin + _ROUNDING:
        return "tie"
    return "a" if difference > 0 else "b"
