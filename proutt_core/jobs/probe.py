"""A test question that any model can answer: it tells a server that is down from one prompt that never gets an answer.

It is asked for in the form of the call that got no answer, so that a server which breaks on that form does not pass.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel

from proutt_core.errors import ModelError, ModelUnavailable
from proutt_core.llm.model import Model, Prompt, call_key
from proutt_core.llm.schema import ReplyType
from proutt_core.types import Message
from proutt_core.types.calls import Call, Completion

STAGE = "probe"
QUESTION = Prompt(
    stage=STAGE,
    version=1,
    messages=(Message(role="user", content="This only tests the connection. Give the shortest answer you can."),),
)
ANSWERED = "only whether the server answers was asked"
Outcome = Literal["answer", "refusal", "nothing"]


async def ask(model: Model, *, schema: ReplyType[BaseModel] | None, save: Callable[[Call], None]) -> Outcome:
    """`save` takes the call for the log; it never answers a later one."""
    started_at, started = datetime.now(UTC), time.perf_counter()
    answer = Completion(text="", address=model.address, started_at=started_at, finish_reason="")
    outcome: Outcome = "answer"
    problem = ANSWERED
    try:
        answer = await model.complete(QUESTION, schema=schema)
    except ModelUnavailable as exc:
        outcome, problem = "nothing", str(exc)
    except ModelError as exc:
        outcome, problem = "refusal", str(exc)
    if outcome != "answer":
        answer = replace(answer, latency_s=time.perf_counter() - started)
    save(_call(answer, model=model, schema=schema, problem=problem, asked_at=started_at))
    return outcome


def _call(
    answer: Completion, *, model: Model, schema: ReplyType[BaseModel] | None, problem: str, asked_at: datetime
) -> Call:
    return Call(
        key=call_key(model, QUESTION, schema),
        stage=STAGE,
        version=QUESTION.version,
        draw=0,
        messages=QUESTION.messages,
        schema_name=schema.name if schema else None,
        schema=schema.json_text if schema else None,
        model=model.name,
        answer=answer,
        problem=problem,
        asked_at=asked_at,
    )
