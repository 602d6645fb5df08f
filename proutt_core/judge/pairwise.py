"""Judge two sets of predictions against each other, and combine the two orders into one verdict.

The judge sees "first" and "second" only. Its leaning towards a position is met by asking in both orders: agreeing
orders give the verdict, otherwise the case is a tie.
"""

from collections.abc import Sequence
from typing import Literal

from proutt_core.judge._prompt import messages, set_text, system_text
from proutt_core.llm import Model, Prompt, ReplyType, ask
from proutt_core.types import CaseEvidence, Message, Reasoning, Value, Verdict

STAGE = "judge_pairwise"
VERSION = 2

Order = Literal["ab", "ba"]

_QUESTION = """\
Compare the two sets. Answer "first" or "second" for the set that anticipates this user better, or "tie" where neither \
does. Their order means nothing. Give your reason before the verdict, in three sentences at most."""
_INSTRUCTION = (
    'Which set anticipates the user better? Reply with JSON: {"reason": "…", "verdict": "first" | "second" | "tie"}'
)


class PairwiseReply(Value):
    reason: Reasoning
    verdict: Literal["first", "second", "tie"]


REPLY = ReplyType(PairwiseReply)


def pairwise_prompt(
    *, context: Sequence[Message], next_utterance: str | None, first: Sequence[str], second: Sequence[str]
) -> Prompt:
    return Prompt(
        stage=STAGE,
        version=VERSION,
        messages=messages(
            system=system_text(_QUESTION, shows_next=next_utterance is not None),
            context=context,
            next_utterance=next_utterance,
            sets=f"{set_text('First set', first)}\n\n{set_text('Second set', second)}",
            instruction=_INSTRUCTION,
        ),
        values={
            "context": tuple(context),
            "next_utterance": next_utterance,
            "first": tuple(first),
            "second": tuple(second),
        },
    )


async def judge_pairwise(model: Model, case: CaseEvidence, *, order: Order) -> tuple[Verdict, str]:
    """The verdict as method, and the judge's reason. Raises ModelError; an unreadable reply is a ReplyError."""
    first, second = (case.a, case.b) if order == "ab" else (case.b, case.a)
    prompt = pairwise_prompt(context=case.context, next_utterance=case.next_utterance, first=first, second=second)
    reply = await ask(model, prompt, REPLY)
    return as_method(reply, order=order), reply.reason


def as_method(reply: PairwiseReply, *, order: Order) -> Verdict:
    if reply.verdict == "tie":
        return "tie"
    return "a" if (reply.verdict == "first") == (order == "ab") else "b"


def combine(ab: Verdict | None, ba: Verdict | None) -> Verdict | None:
    """One verdict from both orders, each already as method; None (unscored) where an order was unreadable."""
    if ab is None or ba is None:
        return None
    return ab if ab == ba else "tie"
