"""A model around a model: a valid reply that is already stored answers; every real call is handed on to be stored.

The key (`call_key`) holds everything that shapes the answer. How the answer was asked for (rung, deadline, retries) is
not in it. Only a valid reply answers a later call; an invalid or failed one is stored for the record.

A real call waits for its place. Once it has gone out it is finished and handed on whatever becomes of whoever asked,
for its answer is paid for. The same question under way twice is sent once: who asks second waits for the first.
"""

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, TypeGuard

from pydantic import BaseModel

from proutt_core.errors import ModelError
from proutt_core.llm.model import Completion, Model, Prompt, Usage, call_key, cut_note, parse_reply
from proutt_core.llm.schema import ReplyType
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


class CallLog(Protocol):
    async def load(self, key: str) -> Completion | None:
        """The valid reply of this key, if there is one."""

    def known(self, key: str) -> Completion | None:
        """The same of what was saved here lately, for which nobody has to wait."""

    def save(self, record: CallRecord) -> None:
        """Take a record, to be stored soon. From here on `known` and `load` find it."""


class Slots(Protocol):
    async def take(self, stage: str) -> None: ...

    def leave(self) -> None: ...


class NoLimit:
    """No limit."""

    async def take(self, stage: str) -> None: ...

    def leave(self) -> None: ...


UnderWay = dict[str, "asyncio.Task[Completion]"]


class LoggedModel(WrappedModel):
    """Satisfies `Model`. `under_way` is shared by all that ask questions of the same log."""

    def __init__(
        self, model: Model, *, log: CallLog, turns: Slots | None = None, under_way: UnderWay | None = None
    ) -> None:
        super().__init__(model)
        self._log = log
        self._turns = turns or NoLimit()
        self._under_way: UnderWay = {} if under_way is None else under_way

    async def complete(self, prompt: Prompt, *, schema: ReplyType[BaseModel] | None, draw: int = 0) -> Completion:
        key = call_key(self._model, prompt, schema, draw)
        # Filed under the question that it repairs: whoever asks that one again is not to pay for both once more.
        filed = key if prompt.repairs is None else call_key(self._model, prompt.repairs, schema, draw)
        asked = _Asked(key, filed, prompt, schema, draw, datetime.now(UTC))
        while True:
            stored = await self._log.load(asked.key)
            if asked.may_use(stored):
                answer = stored.model_copy(update={"from_cache": True})
                self._log.save(self._record(asked, answer, None))
                return answer
            if asked.key not in self._under_way:
                await self._turns.take(prompt.stage)
                # While this one waited for its place, the same question may have gone out, or been answered.
                if asked.key not in self._under_way and not asked.may_use(self._log.known(asked.key)):
                    return await asyncio.shield(self._send(asked))
                self._turns.leave()
            if asked.key in self._under_way:
                await asyncio.wait([self._under_way[asked.key]])

    def _send(self, asked: "_Asked") -> "asyncio.Task[Completion]":
        call = asyncio.create_task(self._call(asked))
        self._under_way[asked.key] = call
        call.add_done_callback(lambda _: self._ended(asked.key, call))
        return call

    def _ended(self, key: str, call: "asyncio.Task[Completion]") -> None:
        del self._under_way[key]
        self._turns.leave()
        if not call.cancelled():
            call.exception()  # whoever asked may be gone; then nobody else looks at it

    async def _call(self, asked: "_Asked") -> Completion:
        started_at, started = datetime.now(UTC), time.perf_counter()
        try:
            answer = await self._model.complete(asked.prompt, schema=asked.schema, draw=asked.draw)
        except ModelError as exc:
            nothing = Completion(
                text="",
                address=self.address,
                started_at=started_at,
                latency_s=time.perf_counter() - started,
                finish_reason="",
            )
            self._log.save(self._record(asked, nothing, str(exc)))
            raise
        self._log.save(self._record(asked, answer, problem_of(answer, asked.schema)))
        return answer

    def _record(self, asked: "_Asked", answer: Completion, problem: str | None) -> CallRecord:
        prompt, schema = asked.prompt, asked.schema
        return CallRecord(
            key=asked.key if answer.from_cache else asked.filed,
            stage=prompt.stage,
            version=prompt.version,
            draw=asked.draw,
            messages=prompt.messages,
            schema_name=schema.name if schema else None,
            reply_schema=schema.json_schema if schema else None,
            reply=answer.text,
            valid=problem is None,
            problem=problem,
            model=self.name,
            answered_by=answer.model,
            provider=answer.provider,
            reasoning=answer.reasoning,
            asked_at=asked.at,
            started_at=answer.started_at,
            address=answer.address or self.address,
            usage=answer.usage,
            latency_s=answer.latency_s,
            finish_reason=answer.finish_reason,
            from_cache=answer.from_cache,
        )


@dataclass(frozen=True)
class _Asked:
    key: str
    filed: str  # the key that a reply is stored under
    prompt: Prompt
    schema: ReplyType[BaseModel] | None
    draw: int
    at: datetime

    def may_use(self, stored: Completion | None) -> TypeGuard[Completion]:
        """A stored reply is judged again: a validator may have become stricter than when it was stored."""
        return stored is not None and problem_of(stored, self.schema) is None


def problem_of(answer: Completion, schema: ReplyType[BaseModel] | None) -> str | None:
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
