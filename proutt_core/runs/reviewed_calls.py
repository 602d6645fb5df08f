"""A call as reviewers may read it: what was asked and what was made of it, nothing that tells who answered.

A reviewer may judge in a study of the model's methods. So this is a list of what is let through; what a server or a
model says in words of its own is not on it: a refusal names model and address, a stray sentence may name its maker.
"""

import json
from collections.abc import Sequence
from itertools import takewhile

from proutt_core.llm.thoughts import without_thoughts
from proutt_core.text import unfenced
from proutt_core.types.calls import Call, Completion

NOT_USABLE = "not usable"


def reviewed(calls: Sequence[Call]) -> list[Call]:
    return [_reviewed(call) for call in calls]


def _reviewed(call: Call) -> Call:
    return Call(
        key="",
        stage=call.stage,
        version=call.version,
        draw=call.draw,
        # A repair quotes the refused reply and why it was refused; the question is what stands before it.
        messages=tuple(takewhile(lambda message: message.role != "assistant", call.messages)),
        schema_name=call.schema_name,
        schema=None,
        model="",
        answer=Completion(
            text=_answer(call.answer.text) if call.valid else "",
            started_at=call.answer.started_at,
            latency_s=call.answer.latency_s,
        ),
        problem=None if call.valid else NOT_USABLE,
        from_cache=call.from_cache,
        asked_at=call.asked_at,
        attempt=call.attempt,
    )


def _answer(text: str) -> str:
    """The JSON that counted, without what stood around it."""
    try:
        counted = json.loads(unfenced(without_thoughts(text.strip().removeprefix("\ufeff").lstrip())))
    except ValueError:
        return ""
    return json.dumps(counted, ensure_ascii=False, indent=1) if isinstance(counted, dict) else ""
