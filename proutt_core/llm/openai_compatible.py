"""The client of every server that speaks OpenAI's chat completions.

One call has one retry layer (here; the SDK's own is off) and one deadline an attempt. What shape a server can be asked
for is a ladder, JSON schema, JSON object, plain text: a server that refuses a rung is asked on the next one, and the
client remembers. The key is read from the environment when the client is made and goes into the request's header,
nowhere else.

A client belongs to one event loop: make it, use it and `aclose()` it inside one `asyncio.run`.
"""

import asyncio
import json
import os
import random
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Literal

import httpx2
from openai import APIConnectionError, APIStatusError, AsyncOpenAI
from pydantic import BaseModel

from proutt_core.errors import ModelRefused, ModelUnavailable, SettingsError
from proutt_core.llm.address import checked_base_url, is_local
from proutt_core.llm.model import Completion, Prompt
from proutt_core.llm.reading import (
    Passing,
    ServerError,
    error_inside,
    is_too_long,
    meaning_of,
    read_answer,
    sendable,
)
from proutt_core.llm.retry import Backoff, retry_after_s
from proutt_core.llm.schema import reply_schema

Rung = Literal["json_schema", "json_object", "text"]
LADDER: tuple[Rung, ...] = ("json_schema", "json_object", "text")

DEADLINE_S = 120.0
_OURS = {"model", "messages", "response_format", "stream", "n"}
_ABOUT_FORMAT = re.compile(
    r"response_?format|json_?schema|json_?object|schema|grammar|guided|structured", re.IGNORECASE
)
# The SDK adds others, from the environment (organisation, project, custom ones) and about this machine, whatever the
# address.
_HEADERS = {"accept", "accept-encoding", "connection", "content-length", "content-type", "host", "user-agent"}


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
        deadline_s: float = DEADLINE_S,
        backoff: Backoff = Backoff(),  # noqa: B008  frozen
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """`key_env` names the environment variable that holds the key; None sends none. Raises SettingsError."""
        reserved = sorted(_OURS & set(parameters or {}))
        if reserved:
            raise SettingsError(f"parameters may not set {', '.join(reserved)}: the client sets them itself")
        self.name = name
        self.address = checked_base_url(base_url)
        self.parameters: Mapping[str, Any] = dict(parameters or {})
        self._key_env = key_env
        self._key = _key_of(key_env)
        self._ladder = ladder
        self._rung = 0
        self._deadline_s = deadline_s
        self._backoff = backoff
        self._sleep = sleep
        self._jitter = jitter
        self._client = self._new_client()

    def __repr__(self) -> str:
        return f"OpenAICompatible(name={self.name!r}, address={self.address!r})"

    @property
    def rung(self) -> Rung:
        """What replies are asked for at present."""
        return self._ladder[self._rung]

    async def complete(self, prompt: Prompt, *, schema: type[BaseModel] | None, draw: int = 0) -> Completion:
        """Answer once. `latency_s` is the answering attempt's. Raises ModelUnavailable or ModelRefused."""
        attempt = 1
        while True:
            started = time.perf_counter()
            try:
                async with asyncio.timeout(self._deadline_s):
                    answer = await self._ask_down_the_ladder(prompt, schema, draw)
                latency_s = time.perf_counter() - started
                return self._read(answer, latency_s, typed=schema is not None)
            except TimeoutError:
                passing = Passing(f"no answer within {self._deadline_s:g} s")
            except Passing as exc:
                passing = exc
            if attempt >= self._backoff.attempts:
                raise ModelUnavailable(
                    self._without_key(f"{self.address} gave no answer of {self.name} in {attempt} attempts: {passing}")
                )
            wait_s = self._backoff.wait_s(attempt=attempt, retry_after_s=passing.retry_after_s, jitter=self._jitter)
            await self._sleep(wait_s)
            attempt += 1

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _ask_down_the_ladder(self, prompt: Prompt, schema: type[BaseModel] | None, draw: int) -> object:
        while True:
            rung = self._rung
            try:
                return await self._send(prompt, schema, draw, self._ladder[rung])
            except APIStatusError as exc:
                if schema is None or rung + 1 >= len(self._ladder) or not _refuses_format(exc):
                    raise self._meaning(_error_of(exc)) from None  # the original may quote the key
                self._rung = max(self._rung, rung + 1)  # another call may have stepped down meanwhile
            except APIConnectionError as exc:
                raise Passing(f"{exc.__cause__ or exc} (is the server running, and is the address right?)") from exc
            except (json.JSONDecodeError, UnicodeDecodeError) as exc:
                raise Passing(f"the answer's body is not whole JSON ({exc})") from exc

    async def _send(self, prompt: Prompt, schema: type[BaseModel] | None, draw: int, rung: Rung) -> object:
        messages = [{"role": m.role, "content": sendable(m.content)} for m in prompt.messages]
        # Everything travels in one plain body: servers take more parameters than the SDK knows.
        body = {k: v for k, v in self.parameters.items() if v is not None}
        if draw and isinstance(body.get("seed"), int):
            body["seed"] += draw  # a fixed seed would give every draw the same answer
        if schema is not None:
            wanted = reply_schema(schema)
            if rung != "json_schema":
                messages[-1]["content"] += described(wanted)
            if rung != "text":
                body["response_format"] = _response_format(rung, schema.__name__, wanted)
        return await self._client.post(
            "/chat/completions", cast_to=object, body={"model": self.name, "messages": messages} | body
        )

    def _read(self, answer: object, latency_s: float, *, typed: bool) -> Completion:
        error = error_inside(answer)
        if error is not None:
            raise self._meaning(error) from None
        return read_answer(answer, model=self.name, address=self.address, latency_s=latency_s, typed=typed)

    def _meaning(self, error: ServerError) -> ModelRefused | Passing:
        told = replace(error, message=self._without_key(error.message))
        return meaning_of(told, model=self.name, address=self.address, key_env=self._key_env)

    def _without_key(self, text: str) -> str:
        return text.replace(self._key, "•••") if self._key else text

    def _new_client(self) -> AsyncOpenAI:
        http_client = httpx2.AsyncClient(
            timeout=None,  # the deadline is ours
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=256),
            follow_redirects=False,  # text goes to the address that was named, to no other
            trust_env=not is_local(self.address),  # a proxy is another machine
            event_hooks={"request": [self._own_headers]},
        )
        return AsyncOpenAI(
            api_key=self._key or "none", base_url=self.address, max_retries=0, timeout=None, http_client=http_client
        )

    async def _own_headers(self, request: httpx2.Request) -> None:
        for header in set(request.headers) - _HEADERS:
            del request.headers[header]
        if self._key:
            request.headers["Authorization"] = f"Bearer {self._key}"


def described(schema: Mapping[str, Any]) -> str:
    """What is added to the last message where the server cannot be given the schema itself."""
    text = json.dumps(schema, ensure_ascii=False, separators=(",", ":"))
    return f"\n\nReply with one JSON object that matches this JSON schema, and with nothing else:\n```json\n{text}\n```"


def _response_format(rung: Rung, name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    if rung == "json_object":
        return {"type": "json_object"}
    safe = re.sub(r"[^a-zA-Z0-9_-]", "_", name)[:64]
    return {"type": "json_schema", "json_schema": {"name": safe, "strict": True, "schema": schema}}


def _refuses_format(exc: APIStatusError) -> bool:
    """Whether this rung is what the server refuses. Of a prompt that is too long, OpenAI tells how many tokens are "in
    the response_format schemas": stepping down for it would cost every later call its schema."""
    if exc.status_code not in (400, 422) or is_too_long(exc.code, exc.message):
        return False
    return _ABOUT_FORMAT.search(f"{exc.message} {exc.param}") is not None


def _error_of(exc: APIStatusError) -> ServerError:
    message = exc.message.removeprefix(f"Error code: {exc.status_code} - ")
    return ServerError(exc.status_code, exc.code, message, retry_after_s(exc.response.headers))


def _key_of(key_env: str | None) -> str | None:
    if key_env is None:
        return None
    key = os.environ.get(key_env, "").strip()
    if not key:
        raise SettingsError(f"the environment variable {key_env} is not set; put the key there or in .env")
    if not key.isascii() or not key.isprintable() or " " in key:
        raise SettingsError(f"the environment variable {key_env} holds characters that no key has")
    return key
