"""A model around a model: a valid reply that is already stored answers; every real call is handed on to be stored.

The key (`call_key`) holds everything that shapes the answer. How the answer was asked for (rung, deadline, retries) is
not in it. Only a valid reply answers a later call; an invalid or failed one is stored for the record.
"""

import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from proutt_core.errors import ModelError
from proutt_core.llm.model import Completion, Model, Prompt, Usage, call_key, cut_note, parse_reply
from proutt_core.llm.schema import reply_schema
from proutt_core.llm.wrapped import WrappedModel
from proutt_core.types import Message, Value

_NO_ANSWER = {"refusal", "content_filter", "length"}


class CallRecord(Value):
    """One call as it is stored. With `from_cache` it is a link to the stored call of the same key, not a call."""

    key: str
    stage: str
    version: int
    draw: int
    messages: tuple[Message, ...]
    schema_name: str | None
    reply_schema: dict[str, Any] | None
    reply: str  # "" when none came
    valid: bool
    problem: str | None  # why not valid
    model: str  # asked for
    answered_by: str  # what the server says answered; "" when none did
    provider: str = ""
    reasoning: str | None = None
    asked_at: datetime | None = None  # when the stage asked
    started_at: datetime | None = None  # when the answering request went out
    address: str
    usage: Usage
    latency_s: float
    finish_reason: str
    from_cache: bool


Load = Callable[[str], Awaitable[Completion | None]]
Save = Callable[[CallRecord], Awaitable[None]]


class Cached(WrappedModel):
    """Satisfies `Model`. `load` finds the valid reply of a key, `save` stores a record; calls of both may overlap."""

    def __init__(self, model: Model, *, load: Load, save: Save) -> None:
        super().__init__(model)
        self._load = load
        self._save = save

    async def complete(self, prompt: Prompt, *, schema: type[BaseModel] | None, draw: int = 0) -> Completion:
        key = call_key(self._model, prompt, schema, draw)
        stored = await self._load(key)
        # A stored reply is judged again: a validator may have become stricter than when it was stored.
        if stored is not None and problem_of(stored, schema) is None:
            answer = stored.model_copy(update={"from_cache": True})
            await self._save(self._record(key, prompt, schema, draw, answer, None))
            return answer
        started = time.perf_counter()
        try:
            answer = await self._model.complete(prompt, schema=schema, draw=draw)
        except ModelError as exc:
            nothing = Completion(
                text="", address=self.address, latency_s=time.perf_counter() - started, finish_reason=""
            )
            await self._save(self._record(key, prompt, schema, draw, nothing, str(exc)))
            raise
        await self._save(self._record(key, prompt, schema, draw, answer, problem_of(answer, schema)))
        return answer

    def _record(
        self,
        key: str,
        prompt: Prompt,
        schema: type[BaseModel] | None,
        draw: int,
        answer: Completion,
        problem: str | None,
    ) -> CallRecord:
        return CallRecord(
            key=key,
            stage=prompt.stage,
            version=prompt.version,
            draw=draw,
            messages=prompt.messages,
            schema_name=schema.__name__ if schema else None,
            reply_schema=reply_schema(schema) if schema else None,
            reply=answer.text,
            valid=problem is None,
            problem=problem,
            model=self.name,
            answered_by=answer.model,
            address=answer.address or self.address,
            usage=answer.usage,
            latency_s=answer.latency_s,
            finish_reason=answer.finish_reason,
            from_cache=answer.from_cache,
        )


def problem_of(answer: Completion, schema: type[BaseModel] | None) -> str | None:
    """Why this answer may not be used, or None. Text that its schema accepts is valid however it ended."""
    if schema is not None:
        try:
            parse_reply(answer.text, schema)
        except ValueError as exc:
            refused = "the model refused; " if answer.finish_reason in ("refusal", "content_filter") else ""
            return f"{refused}{cut_note(answer)}{exc}"
        return None
    if not answer.text.strip():
        return "the reply is empty"
    return f"the reply ended with {answer.finish_reason}" if answer.finish_reason in _NO_ANSWER else None
