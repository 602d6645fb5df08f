"""A fake OpenAI server over real HTTP on 127.0.0.1, deterministic by prompt.

Content is the JSON schema of the request (from `response_format`, or from the ```json block that our client puts into
the last message on the lower rungs) filled from a hash of the prompt: its messages before the first assistant's. A
repair message changes nothing, nor does the rung. Without a schema it is a line of text.

    with FakeServer(faults=[Fault.RATE_LIMIT, None]) as server:
        OpenAICompatible(name="fake", base_url=server.base_url)
        server.calls  # what arrived

`python -m tests.fake_server --port 8123 --latency 1.0 --fault-rate 0.1 --seed 1` serves until it is killed, and prints
its base URL. `GET /stats` there: {"calls", "most_at_once", "cpu_s"}.

It is lean, so that what a benchmark measures is the client: one handler without routes on aiohttp's own server, and no
work per call but reading the body, hashing the prompt and filling the schema.
"""

import argparse
import asyncio
import hashlib
import json
import re
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Any, Self

import orjson
from aiohttp import web

from tests.schema_filler import fill


class Fault(StrEnum):
    RATE_LIMIT = "429 with Retry-After"
    ERROR_500 = "500"
    ERROR_503 = "503"
    RESET = "connection reset"
    HANG = "hang"
    TRUNCATED = "truncated JSON"
    FENCED = "JSON in code fences"
    INVALID = "schema-invalid JSON"
    EMPTY = "empty content"
    REFUSAL = "refusal"
    LENGTH = "finish_reason=length"
    # Beyond the eleven kinds of the issue:
    BROKEN_BODY = "a body that is not whole JSON"
    ERROR_INSIDE = "an error in a 200 answer"
    NO_CHOICES = "no choices"
    HTML = "a web page"
    NO_CREDIT = "429 insufficient_quota"
    TOO_LONG = "400 context length"
    FLAGGED = "403 moderation"
    NO_MODEL_400 = "400 unknown model"
    ARREARS_400 = "400 account in arrears"
    NO_UPSTREAM = "404 no endpoints found"
    ONLY_THOUGHTS = "all tokens went into thinking"


ELEVEN = tuple(Fault)[:11]


@dataclass(frozen=True)
class Call:
    """One chat completion request as it arrived. `seen`: how often this prompt had come before."""

    index: int
    seen: int
    prompt: str
    body: dict[str, Any]
    headers: dict[str, str]

    @property
    def format(self) -> str:
        return str((self.body.get("response_format") or {"type": "text"})["type"])


Plan = Sequence[Fault | None] | Callable[[Call], Fault | None]


class FakeServer:
    """Serves from a thread while its `with` block lasts. The settings are public and may be changed meanwhile."""

    def __init__(
        self,
        *,
        faults: Plan = (),
        refuse: Iterable[str] = (),
        refuse_status: int = 400,
        refuse_words: str = "response_format type {format} is not supported by this model",
        latency_s: float = 0.0,
        retry_after: str = "0",
        key: str | None = None,
        models: Sequence[str] | None = None,
        content: Callable[[Call], str | None] | None = None,
        error: Callable[[Call], tuple[int, dict[str, Any]] | None] | None = None,
        extra: dict[str, Any] | None = None,
        cached_tokens: int | Callable[[Call], int] = 0,
        provider: str | None = None,
        echo_key: bool = False,
        redirect_to: str | None = None,
        keep_calls: bool = True,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        """`faults`: by request number (none after its end) or by predicate. `refuse`: response_format types it rejects.
        `models`: None accepts any name. `content`: the answer's text instead of the filled schema, unless None.
        `error`: a status and its body instead of an answer, unless None. `extra`: more fields of the answer's message.
        `provider`: the upstream that an answer names, as OpenRouter's do. `echo_key`: quote the request's key in every
        error."""
        self.faults = faults
        self.refuse = set(refuse)
        self.refuse_status = refuse_status
        self.refuse_words = refuse_words
        self.latency_s = latency_s
        self.retry_after = retry_after
        self.key = key
        self.models = models
        self.content = content
        self.error = error
        self.extra = extra or {}
        self.cached_tokens = cached_tokens
        self.provider = provider
        self.echo_key = echo_key
        self.redirect_to = redirect_to
        self.calls: list[Call] = []
        self.most_at_once = 0
        self._keep_calls = keep_calls
        self._count = 0
        self._at_once = 0
        self._seen: Counter[str] = Counter()
        # The protocol is named, for asyncio sets TCP_NODELAY only then; without it every answer waits 40 ms.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((host, port))
        self._socket.listen(1024)
        self.base_url = f"http://{host}:{self._socket.getsockname()[1]}/v1"
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._ready.wait(timeout=30):
            raise RuntimeError("the fake server did not start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(timeout=10)
        assert not self._thread.is_alive(), "the fake server did not stop"

    def run(self) -> None:
        """Serve in this thread until stopped or interrupted."""
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        # A call ends when its client hangs up, as those that time out on a hang do.
        answering = web.Server(self._handle, handler_cancellation=True, keepalive_timeout=60.0, access_log=None)
        server = await self._loop.create_server(answering, sock=self._socket, backlog=1024)
        self._ready.set()
        await self._stop.wait()
        server.close()
        # Connections first: a handler that waits for one to be read would keep the shutdown waiting.
        for connection in list(answering.connections):
            if connection.transport is not None:
                connection.transport.abort()
        await answering.shutdown(timeout=0)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/v1/chat/completions" and request.method == "POST":
            return await self._chat(request)
        if request.path == "/v1/models":
            names = self.models or ["fake"]
            data = [{"id": name, "object": "model", "created": 0, "owned_by": "fake"} for name in names]
            return _json({"object": "list", "data": data})
        if request.path == "/stats":
            cpu_s = time.process_time()
            return _json({"calls": self._count, "most_at_once": self.most_at_once, "cpu_s": cpu_s})
        return web.Response(status=404, text="Not Found")

    async def _chat(self, request: web.BaseRequest) -> web.StreamResponse:
        call = self._arrived(orjson.loads(await request.read()), request)
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            if self.latency_s:
                await asyncio.sleep(self.latency_s)
            return self._turned_away(call) or await self._answered(call, self._fault(call), request)
        finally:
            self._at_once -= 1

    def _arrived(self, body: dict[str, Any], request: web.BaseRequest) -> Call:
        prompt = prompt_hash(body["messages"])
        headers = {name.lower(): value for name, value in request.headers.items()}
        call = Call(index=self._count, seen=self._seen[prompt], prompt=prompt, body=body, headers=headers)
        self._count += 1
        self._seen[prompt] += 1
        if self._keep_calls:
            self.calls.append(call)
        return call

    def _fault(self, call: Call) -> Fault | None:
        if callable(self.faults):
            return self.faults(call)
        return self.faults[call.index] if call.index < len(self.faults) else None

    def _turned_away(self, call: Call) -> web.Response | None:
        if self.redirect_to is not None:
            return web.Response(status=307, headers={"Location": f"{self.redirect_to}/chat/completions"})
        authorization = call.headers.get("authorization", "")
        if self.key is not None and authorization != f"Bearer {self.key}":
            return _error(401, f"Incorrect API key provided: {authorization}.", code="invalid_api_key")
        if self.models is not None and call.body["model"] not in self.models:
            return _error(404, f"The model `{call.body['model']}` does not exist.", code="model_not_found")
        own = self.error(call) if self.error else None
        if own is not None:
            status, body = own
            return _json(body, status=status)
        if call.format in self.refuse:
            return _error(self.refuse_status, self.refuse_words.format(format=call.format))
        return None

    async def _answered(self, call: Call, fault: Fault | None, request: web.BaseRequest) -> web.StreamResponse:
        if fault is Fault.RESET:
            _reset(request)
        if fault in (Fault.RESET, Fault.HANG):
            await asyncio.Event().wait()  # cancelled when the client is gone
        if fault is not None and fault in _ERRORS:
            status, message, code = _ERRORS[fault]
            if self.echo_key:
                message = f"{message} ({call.headers.get('authorization')})"
            headers = {"Retry-After": self.retry_after} if fault is Fault.RATE_LIMIT else {}
            return _error(status, message, code=code, headers=headers)
        if fault is Fault.HTML:
            return web.Response(text="<html><body>It works!</body></html>", content_type="text/html")
        if fault is Fault.ERROR_INSIDE:
            detail = call.headers.get("authorization") if self.echo_key else "the upstream provider is down"
            return _json({"error": {"code": 502, "message": detail}})
        body = self._completion(call, fault)
        if fault is Fault.NO_CHOICES:
            body["choices"] = []
        if fault is Fault.BROKEN_BODY:
            return web.Response(body=orjson.dumps(body)[:40], content_type="application/json")
        return _json(body)

    def _completion(self, call: Call, fault: Fault | None) -> dict[str, Any]:
        text = self._text(call)
        message: dict[str, Any] = {"role": "assistant", "content": text} | self.extra
        reason = "stop"
        if fault in (Fault.TRUNCATED, Fault.LENGTH):
            message["content"] = text[: len(text) // 2]
            reason = "length" if fault is Fault.LENGTH else "stop"
        elif fault is Fault.FENCED:
            message["content"] = f"```json\n{text}\n```"
        elif fault is Fault.INVALID:
            message["content"] = '{"unexpected": true}'
        elif fault is Fault.EMPTY:
            message["content"] = ""
        elif fault is Fault.REFUSAL:
            message |= {"content": None, "refusal": "I cannot help with that."}
        elif fault is Fault.ONLY_THOUGHTS:
            message |= {"content": "", "reasoning_content": "First I have to think about"}
            reason = "length"
        reply_chars, prompt_chars = len(message["content"] or ""), sum(len(m["content"]) for m in call.body["messages"])
        cached = self.cached_tokens
        usage = {
            "prompt_tokens": prompt_chars // 4 + 1,
            "completion_tokens": reply_chars // 4 + 1,
            "total_tokens": prompt_chars // 4 + reply_chars // 4 + 2,
            "prompt_tokens_details": {"cached_tokens": cached(call) if callable(cached) else cached},
        }
        upstream = {} if self.provider is None else {"provider": self.provider}
        return upstream | {
            "id": f"chatcmpl-{call.index}",
            "object": "chat.completion",
            "created": 0,
            "model": f"{call.body['model']}-2026-01-01",
            "choices": [{"index": 0, "message": message, "finish_reason": reason, "logprobs": None}],
            "usage": usage,
        }

    def _text(self, call: Call) -> str:
        own = self.content(call) if self.content else None
        if own is not None:
            return own
        schema = schema_of(call.body)
        if schema is None:
            return f"An answer to {call.prompt[:12]}."
        return json.dumps(fill(schema, f"{call.prompt}|{call.body.get('seed', '')}"), ensure_ascii=False)


_ERRORS: dict[Fault, tuple[int, str, str | None]] = {
    Fault.RATE_LIMIT: (429, "Rate limit reached", "rate_limit_exceeded"),
    Fault.NO_CREDIT: (429, "You exceeded your current quota", "insufficient_quota"),
    Fault.ERROR_500: (500, "Internal server error", None),
    Fault.ERROR_503: (503, "The model is overloaded", None),
    Fault.FLAGGED: (403, "Your chosen model requires moderation and your input was flagged", None),
    Fault.TOO_LONG: (
        400,
        "This model's maximum context length is 4096 tokens. However, your messages resulted in 5096 tokens (5000 in "
        "the messages, 96 in the response_format schemas). Please reduce the length of the messages.",
        "context_length_exceeded",
    ),
    Fault.NO_MODEL_400: (400, "Model Not Exist", "invalid_request_error"),  # as DeepSeek says it
    Fault.ARREARS_400: (400, "Access denied, please make sure your account is in good standing.", "Arrearage"),
    Fault.NO_UPSTREAM: (404, "No endpoints found matching your data policy", None),  # as OpenRouter says it
}

_SCHEMA_BLOCK = re.compile(r"\n\n[^\n]*JSON schema[^\n]*\n```json\n(.*)\n```\s*\Z", re.DOTALL)


def prompt_hash(messages: list[dict[str, Any]]) -> str:
    """The same for a prompt, with or without our schema block and whatever repair messages follow."""
    contents: list[list[str]] = []
    for message in messages:
        if message["role"] == "assistant":
            break
        contents.append([message["role"], _SCHEMA_BLOCK.sub("", message["content"])])
    return hashlib.sha256(json.dumps(contents).encode()).hexdigest()


def schema_of(body: dict[str, Any]) -> dict[str, Any] | None:
    """The JSON schema that the request asks for, wherever it says so."""
    response_format = body.get("response_format") or {}
    if response_format.get("type") == "json_schema":
        return dict(response_format["json_schema"]["schema"])
    block = _SCHEMA_BLOCK.search(body["messages"][-1]["content"])
    return dict(json.loads(block[1])) if block else None


def some_faulty(share: float, kinds: Sequence[Fault] = ELEVEN, *, seed: int = 0) -> Callable[[Call], Fault | None]:
    """That share of prompts fails the first time it comes, in one of these ways; which depends on prompt and seed."""

    def fault(call: Call) -> Fault | None:
        if call.seen:
            return None
        drawn = call.prompt if not seed else hashlib.sha256(f"{seed}|{call.prompt}".encode()).hexdigest()
        number = int(drawn[:12], 16)
        return kinds[number % len(kinds)] if number // len(kinds) % 1000 < share * 1000 else None

    return fault


def _json(value: dict[str, Any], *, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    try:
        body = orjson.dumps(value)
    except TypeError:  # half a surrogate pair: it can only travel as an ASCII escape, as many servers send
        body = json.dumps(value).encode()
    return web.Response(body=body, status=status, headers=headers, content_type="application/json")


def _error(
    status: int, message: str, *, code: str | None = None, headers: dict[str, str] | None = None
) -> web.Response:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    return _json({"error": error}, status=status, headers=headers)


def _reset(request: web.BaseRequest) -> None:
    """Close the connection with RST."""
    transport = request.transport
    assert transport is not None
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def main() -> None:
    parser = argparse.ArgumentParser(description="A fake OpenAI server.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds a call takes")
    parser.add_argument("--fault-rate", type=float, default=0.0, help="share of prompts that fail at first")
    parser.add_argument("--seed", type=int, default=0, help="of which prompts fail, and how")
    arguments = parser.parse_args()
    faults = some_faulty(arguments.fault_rate, seed=arguments.seed)
    server = FakeServer(port=arguments.port, latency_s=arguments.latency, faults=faults, keep_calls=False)
    print(server.base_url, flush=True)  # noqa: T201  the caller reads the address
    with suppress(KeyboardInterrupt):
        server.run()


if __name__ == "__main__":
    main()
