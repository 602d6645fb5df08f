"""A model around a model: a valid reply that is already stored answers; every real call is handed on to be stored.

The key (`call_key`) holds everything that shapes the answer. How the answer was asked for (rung, deadline, retries) is
not in it. Only a valid reply answers a later call; an invalid or failed one is stored for the record.

A real call waits for its slot. Once it has gone out it is finished and handed on, even if whoever asked is gone, for
its answer is paid for. The same question under way twice is sent once: who asks second waits for the first.
"""

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol, TypeGuard

from pydantic import BaseModel

from proutt_core.errors import ModelError
from proutt_core.llm.model import Model, Prompt, call_key, cut_note, parse_reply
from proutt_core.llm.schema import ReplyType
from proutt_core.llm.wrapped import WrappedModel
from proutt_core.types.calls import Call, Completion

_NO_ANSWER = {"refusal", "content_filter", "length"}


class CallLog(Protocol):
    async def load(self, key: str) -> Completion | None:
        """The valid reply of this key, if there is one."""

    def known(self, key: str) -> Completion | None:
        """The valid reply of this key, if it was saved here lately; nobody has to wait for it."""

    def save(self, call: Call) -> None:
        """Take a call, to be stored soon. From here on `known` and `load` find it."""


class Slots(Protocol):
    async def take(self, stage: str) -> None: ...

    def leave(self) -> None: ...


class NoLimit:
    """As many slots as calls."""

    async def take(self, stage: str) -> None: ...

    def leave(self) -> None: ...


UnderWay = dict[str, "asyncio.Task[Completion]"]


class LoggedModel(WrappedModel):
    """Satisfies `Model`. `under_way` is shared by all that ask questions of the same log."""

    def __init__(
        self, model: Model, *, log: CallLog, slots: Slots | None = None, under_way: UnderWay | None = None
    ) -> None:
        super().__init__(model)
        self._log = log
        self._slots = slots or NoLimit()
        self._under_way: UnderWay = {} if under_way is None else under_way

    async def complete(self, prompt: Prompt, *, schema: ReplyType[BaseModel] | None, draw: int = 0) -> Completion:
        key = call_key(self._model, prompt, schema, draw)
        # Filed under the question that it repairs: whoever asks that one again is not to pay for both once more.
        reply_key = key if prompt.repairs is None else call_key(self._model, prompt.repairs, schema, draw)
        question = Question(key, reply_key, prompt, schema, draw, datetime.now(UTC))
        while True:
            stored = await self._log.load(question.key)
            if question.may_use(stored):
                self._log.save(question.call(stored, model=self.name, from_cache=True))
                return stored
            if question.key not in self._under_way:
                await self._slots.take(prompt.stage)
                # While this one waited for its slot, the same question may have gone out, or been answered.
                if question.key not in self._under_way and not question.may_use(self._log.known(question.key)):
                    return await asyncio.shield(self._send(question))
                self._slots.leave()
            if question.key in self._under_way:
                await asyncio.wait([self._under_way[question.key]])

    def _send(self, question: "Question") -> "asyncio.Task[Completion]":
        sending = asyncio.create_task(self._answer(question))
        self._under_way[question.key] = sending
        sending.add_done_callback(lambda _: self._ended(question.key, sending))
        return sending

    def _ended(self, key: str, sending: "asyncio.Task[Completion]") -> None:
        del self._under_way[key]
        self._slots.leave()
        if not sending.cancelled():
            sending.exception()  # whoever asked may be gone; then nobody else looks at it

    async def _answer(self, question: "Question") -> Completion:
        started_at, started = datetime.now(UTC), time.perf_counter()
        try:
            answer = await self._model.complete(question.prompt, schema=question.schema, draw=question.draw)
        except ModelError as exc:
            nothing = Completion(
                text="",
                address=self.address,
                started_at=started_at,
                latency_s=time.perf_counter() - started,
                finish_reason="",
            )
            self._log.save(question.call(nothing, model=self.name, problem=str(exc)))
            raise
        self._log.save(question.call(answer, model=self.name, problem=problem_of(answer, question.schema)))
        return answer


@dataclass(frozen=True, slots=True)
class Question:
    """What a stage asks, until it is answered."""

    key: str
    reply_key: str  # under which its reply is filed
    prompt: Prompt
    schema: ReplyType[BaseModel] | None
    draw: int
    asked_at: datetime

    def may_use(self, stored: Completion | None) -> TypeGuard[Completion]:
        """A stored reply is judged again: a validator may have become stricter than when it was stored."""
        return stored is not None and problem_of(stored, self.schema) is None

    def call(self, answer: Completion, *, model: str, problem: str | None = None, from_cache: bool = False) -> Call:
        return Call(
            key=self.key if from_cache else self.reply_key,
            stage=self.prompt.stage,
            version=self.prompt.version,
            draw=self.draw,
            messages=self.prompt.messages,
            schema_name=self.schema.name if self.schema else None,
            schema=self.schema.json_text if self.schema else None,
            model=model,
            answer=answer,
            problem=problem,
            from_cache=from_cache,
            asked_at=self.asked_at,
        )


def problem_of(answer: Completion, schema: ReplyType[BaseModel] | None) -> str | None:
    """Why this answer may not be used, or None. Text that its schema accepts is valid however it ended."""
    if schema is not None:
        try:
            parse_reply(answer.text, schema)
        except ValueError as exc:
            refused = "the model refused; " if answer.finish_reason == "refusal" else ""
            return f"{refused}{cut_note(answer)}{exc}"
        return None
    if not answer.text.strip():
        return "the reply is empty"
    return f"the reply ended with {answer.finish_reason}" if answer.finish_reason in _NO_ANSWER else None
