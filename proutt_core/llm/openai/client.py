"""The client of every server that speaks OpenAI's chat completions.

One call has one retry layer (here; the transport has none) and one deadline an attempt. A server that says when to come
back (429 with Retry-After) is left alone until then by every call of the client, not only by the one that was told.
What shape a server can be asked for is a ladder, JSON schema, JSON object, plain text: what a server refuses is asked
for one step lower (ways.py), and where that costs a reply its schema, its completion and a warning say so. Every call
bounds its new tokens. The key is read from the environment when the client is made and goes into the request's header,
nowhere else.

A client belongs to one event loop: make it, use it and `aclose()` it inside one `asyncio.run`.
"""

import asyncio
import json
import logging
import os
import random
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from proutt_core.environment import seconds_from_environment
from proutt_core.errors import InputError, ModelRefused, ModelUnavailable, ReplyError, SettingsError
from proutt_core.llm.address import checked_base_url
from proutt_core.llm.model import Prompt
from proutt_core.llm.openai.meanings import ServerError, meaning_of
from proutt_core.llm.openai.refusals import MissedAnswer, refusal_in
from proutt_core.llm.openai.replies import read_answer, sendable
from proutt_core.llm.openai.retry import Backoff, Passing, UnusableReply
from proutt_core.llm.openai.ways import LADDER, Rung, ServerTakes, Step, Way, Ways
from proutt_core.llm.openai.words import MASK, shown
from proutt_core.llm.parameters import merged, require_free
from proutt_core.llm.schema import ReplyType
from proutt_core.types.calls import Completion
from proutt_core.types.json_text import array_json, as_json, object_json, text_json

if TYPE_CHECKING:
    from proutt_core.llm.openai.transport import Transport

log = logging.getLogger(__name__)

DEADLINE_S = 120.0
DEADLINE_ENV = "PROUTT_DEADLINE_S"
_WORDS_OF_A_REFUSAL, _WORDS_OF_A_FAILURE = 200, 600


# Some servers stream unless they are told not to. One that does nothing else is asked to count all the same.
_WHOLE: Mapping[str, str] = {"stream": "false"}
_STREAMED: Mapping[str, str] = {"stream": "true", "stream_options": as_json({"include_usage": True})}


class OpenAICompatible:
    """A model behind a base URL. Satisfies `Model`."""

    def __init__(
        self,
        *,
        name: str,
        base_url: str,
        key_env: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        ladder: tuple[Rung, ...] = LADDER,
        takes: ServerTakes = ServerTakes(),  # noqa: B008  frozen
        thinks: bool = False,
        deadline_s: float | None = None,
        backoff: Backoff = Backoff(),  # noqa: B008  frozen
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """`key_env` names the environment variable that holds the key; None sends none. `thinks`: its model is known to
        think before it answers, and gets room for it. `deadline_s` is for an attempt; None: what PROUTT_DEADLINE_S
        says, or 120 s. Raises SettingsError."""
        try:
            require_free(parameters or {})
        except InputError as exc:
            raise SettingsError(str(exc)) from exc
        self.name = name
        self.address = checked_base_url(base_url)
        self.parameters: Mapping[str, Any] = dict(parameters or {})
        self._key_env = key_env
        self._key = _key_of(key_env)
        self._ways = Ways(ladder, takes, parameters=self.parameters, thinks=thinks)
        self._schemas_lost: set[str] = set()
        self._streams = False  # until the server wants nothing else
        self._deadline_s = deadline_from_environment() if deadline_s is None else deadline_s
        self._backoff = backoff
        self._sleep = sleep
        self._jitter = jitter
        self._transport: Transport | None = None
        self._opening = asyncio.Lock()
        self._not_before = 0.0  # time.monotonic(), when the server wants to be asked again

    def __repr__(self) -> str:
        return f"OpenAICompatible(name={self.name!r}, address={self.address!r})"

    async def complete(self, prompt: Prompt, *, schema: ReplyType[BaseModel] | None, draw: int = 0) -> Completion:
        """Answer once. Time and latency are the answering attempt's. Raises ModelUnavailable, ModelRefused,
        or ReplyError for an answer that must not be stored."""
        attempt = 1
        await self._wait_for_the_server()
        transport = self._transport or await self._open()
        while True:
            started_at, started = datetime.now(UTC), time.perf_counter()
            try:
                async with asyncio.timeout(self._deadline_s):
                    answer, way = await self._ask(transport, prompt, schema, draw)
                latency_s = time.perf_counter() - started
                read = self._read(answer, latency_s, typed=schema is not None)
                if read.reasoning or (read.finish_reason == "length" and not read.text.strip()):
                    self._ways.note_thoughts()
                return replace(read, started_at=started_at, without_schema=self._is_without(schema, way))
            except MissedAnswer as missed:
                latency_s = time.perf_counter() - started
                answered_by = {"model": self.name, "address": self.address}
                missed_by = missed.completion(**answered_by, started_at=started_at, latency_s=latency_s)
                return self._without_key(missed_by)
            except TimeoutError:
                passing = Passing(f"no answer within {self._deadline_s:g} s")
            except Passing as exc:
                passing = exc
            except UnusableReply as exc:
                raise ReplyError(f"{self.address} gave an answer of {self.name} that cannot be used: {exc}") from None
            if attempt >= self._backoff.attempts:
                raise self._given_up(passing, attempt)
            await self._sleep(self._wait_after(passing, attempt))
            attempt += 1

    async def aclose(self) -> None:
        """Close the connections."""
        transport, self._transport = self._transport, None
        if transport is not None:
            await transport.aclose()

    async def _open(self) -> "Transport":
        """In a thread, for importing the transport takes so long that leases would end meanwhile."""
        async with self._opening:
            if self._transport is None:
                self._transport = await asyncio.to_thread(_transport_to, self.address, key=self._key)
        return self._transport

    def _given_up(self, passing: Passing, attempts: int) -> ModelUnavailable | ModelRefused:
        words = shown(str(passing), key=self._key, at_most=_WORDS_OF_A_FAILURE)
        if passing.is_outage:
            return ModelUnavailable(f"{self.address} gave no answer of {self.name} in {attempts} attempts: {words}")
        said = (
            f"{self.address} answered, in {attempts} attempts, with nothing that is an answer of {self.name}: {words}"
        )
        return ModelRefused(said, every_call=False, status=200)

    def _wait_after(self, passing: Passing, attempt: int) -> float:
        """Seconds until the next attempt. What the server asked for holds for all calls."""
        own = self._backoff.wait_s(attempt=attempt, retry_after_s=passing.retry_after_s, jitter=self._jitter)
        if passing.retry_after_s:
            pause_s = min(passing.retry_after_s, self._backoff.longest_retry_after_s)
            self._not_before = max(self._not_before, time.monotonic() + pause_s)
        return own

    async def _wait_for_the_server(self) -> None:
        """Another call was told to come back later: so is this one, spread a little after that moment."""
        waited_until = 0.0
        while (until := self._not_before) > max(waited_until, now := time.monotonic()):
            await self._sleep(until - now + self._backoff.first_s * self._jitter())
            waited_until = until

    async def _ask(
        self, transport: "Transport", prompt: Prompt, schema: ReplyType[BaseModel] | None, draw: int
    ) -> tuple[object, Way]:
        """The body of an answer, and in which way it was asked for."""
        way = self._ways.first(schema)
        while True:
            reply = await transport.post(self._body(prompt, schema, draw, way))
            refusal = refusal_in(reply)
            if refusal is None:
                self._ways.answered(way, schema)
                if schema is not None and way.refused:
                    self._tell_of_schema(schema, way)
                return reply.body, way
            if refusal.is_of_one_answer:
                raise MissedAnswer(reply.body)
            if refusal.wants_a_stream and not self._streams:
                self._streams = True
                continue
            other = self._ways.after(refusal, way, schema)
            if other is None:
                raise self._meaning(refusal.error)
            way = other

    def _is_without(self, schema: ReplyType[BaseModel] | None, way: Way) -> bool:
        return schema is not None and self._ways.is_lower(way)

    def _tell_of_schema(self, schema: ReplyType[BaseModel], way: Way) -> None:
        """Once a kind of reply: the server refused its schema, and nothing holds the model to it any more."""
        if not self._is_without(schema, way) or schema.name in self._schemas_lost:
            return
        self._schemas_lost.add(schema.name)
        log.warning(
            "%s at %s refuses the schema of %s, which is asked for as %s instead: %s",
            self.name,
            self.address,
            schema.name,
            self._ways.steps[way.step].rung,
            shown(way.refused[-1].error.message, key=self._key, at_most=_WORDS_OF_A_REFUSAL),
        )

    def _body(self, prompt: Prompt, schema: ReplyType[BaseModel] | None, draw: int, way: Way) -> bytes:
        """The request as JSON."""
        step = self._ways.steps[way.step]
        contents = [sendable(message.content) for message in prompt.messages]
        written = [text_json(content) for content in contents]
        given = merged(way.extra, self.parameters)
        parameters = {name: value for name, value in given.items() if value is not None}
        if way.bound is not None:
            parameters[way.bound] = self._ways.new_tokens(way, schema)
        if draw and isinstance(parameters.get("seed"), int):
            parameters["seed"] += draw  # a fixed seed would give every draw the same answer
        if schema is not None and step.rung != "json_schema":
            written[-1] = as_json(contents[-1] + described(json.loads(schema.written_in(step.dialect))))
        members = {
            "model": as_json(self.name),
            "messages": array_json(
                f'{{"role":"{message.role}","content":{content}}}'
                for message, content in zip(prompt.messages, written, strict=True)
            ),
            **(_STREAMED if self._streams else _WHOLE),
            **{name: as_json(value) for name, value in parameters.items()},
        }
        if schema is not None and step.rung != "text":
            members["response_format"] = _response_format(step, schema)
        return object_json(members).encode("ascii")

    def _read(self, answer: object, latency_s: float, *, typed: bool) -> Completion:
        completion = read_answer(answer, model=self.name, address=self.address, latency_s=latency_s, typed=typed)
        return self._without_key(completion)

    def _meaning(self, error: ServerError) -> ModelRefused | Passing:
        return meaning_of(error, model=self.name, address=self.address, key_env=self._key_env, key=self._key)

    def _without_key(self, completion: Completion) -> Completion:
        """A server can quote the key in an answer as well."""
        key, texts = self._key, (completion.text, completion.reasoning or "", completion.model, completion.provider)
        if not key or not any(key in text for text in texts):
            return completion
        text, reasoning, model, provider = (text.replace(key, MASK) for text in texts)
        return replace(completion, text=text, reasoning=reasoning or None, model=model, provider=provider)


def _transport_to(address: str, *, key: str | None) -> "Transport":
    from proutt_core.llm.openai.transport import Transport

    return Transport(address, key=key)


def deadline_from_environment() -> float:
    """Seconds that an attempt may take. A reasoning model on a slow machine may need more than the default."""
    return seconds_from_environment(DEADLINE_ENV, default=DEADLINE_S)


def described(schema: Mapping[str, Any]) -> str:
    """What is added to the last message where the server cannot be given the schema itself."""
    text = json.dumps(schema, ensure_ascii=False, separators=(",", ":"))
    return f"\n\nReply with one JSON object that matches this JSON schema, and with nothing else:\n```json\n{text}\n```"


def _response_format(step: Step, schema: ReplyType[BaseModel]) -> str:
    if step.rung == "json_object":
        return as_json({"type": step.rung})
    name = re.sub(r"[^a-zA-Z0-9_-]", "_", schema.name)[:64]
    text = schema.written_in(step.dialect)
    format = object_json({"name": as_json(name), "strict": as_json(True), "schema": text})
    return object_json({"type": as_json(step.rung), "json_schema": format})


def _key_of(key_env: str | None) -> str | None:
    if key_env is None:
        return None
    key = os.environ.get(key_env, "").strip()
    if not key:
        raise SettingsError(f"the environment variable {key_env} is not set; put the key there or in .env")
    if not key.isascii() or not key.isprintable() or " " in key:
        raise SettingsError(f"the environment variable {key_env} holds characters that no key has")
    return key
