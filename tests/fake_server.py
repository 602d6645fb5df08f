"""A fake OpenAI server over real HTTP on 127.0.0.1, deterministic by prompt.

Content is the JSON schema of the request (from `response_format`, or from the ```json block that our client puts into
the last message on the lower rungs) filled from a hash of the prompt: its messages before the first assistant's. A
repair message changes nothing, nor does the rung. Without a schema it is a line of text.

    with FakeServer(faults=[Fault.RATE_LIMIT, None]) as server:
        OpenAICompatible(name="fake", base_url=server.base_url)
        server.calls  # what arrived

`python -m tests.fake_server --port 8123` serves until it is killed.
"""

import argparse
import asyncio
import hashlib
import json
import re
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

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


class _ThreadServer(uvicorn.Server):
    """Stops at once when told, where uvicorn looks every tenth of a second and then waits for what is open."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def main_loop(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self.ready.set()
        await self._stop.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.transport.abort()  # type: ignore[union-attr]
        while self.server_state.connections:
            await asyncio.sleep(0)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)


class FakeServer:
    """Serves from a thread while its `with` block lasts. The settings are public and may be changed meanwhile."""

    def __init__(
        self,
        *,
        faults: Plan = (),
        refuse: Iterable[str] = (),
        refuse_status: int = 400,
        latency_s: float = 0.0,
        retry_after: str = "0",
        key: str | None = None,
        models: Sequence[str] | None = None,
        content: Callable[[Call], str | None] | None = None,
        extra: dict[str, Any] | None = None,
        cached_tokens: int = 0,
        echo_key: bool = False,
        redirect_to: str | None = None,
        port: int = 0,
    ) -> None:
        """`faults`: by request number (none after its end) or by predicate. `refuse`: response_format types it rejects.
        `models`: None accepts any name. `content`: the answer's text instead of the filled schema, unless None.
        `extra`: more fields of the answer's message. `echo_key`: quote the request's key in every error."""
        self.faults = faults
        self.refuse = set(refuse)
        self.refuse_status = refuse_status
        self.latency_s = latency_s
        self.retry_after = retry_after
        self.key = key
        self.models = models
        self.content = content
        self.extra = extra or {}
        self.cached_tokens = cached_tokens
        self.echo_key = echo_key
        self.redirect_to = redirect_to
        self.calls: list[Call] = []
        self.most_at_once = 0
        self._at_once = 0
        self._seen: Counter[str] = Counter()
        # The protocol is named, for asyncio sets TCP_NODELAY only then; without it every answer waits 40 ms.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", port))
        self._socket.listen(1024)
        self.base_url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/v1"
        routes = [Route("/v1/models", self._models), Route("/v1/chat/completions", self._chat, methods=["POST"])]
        self._config = uvicorn.Config(
            Starlette(routes=routes), log_config=None, http="h11", ws="none", lifespan="off", timeout_keep_alive=60
        )
        self._server = _ThreadServer(self._config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._server.ready.wait(timeout=30):
            raise RuntimeError("the fake server did not start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop()
        self._thread.join(timeout=10)
        self._socket.close()
        assert not self._thread.is_alive(), "the fake server did not stop"

    def run(self) -> None:
        """Serve in this thread until interrupted."""
        uvicorn.Server(self._config).run(sockets=[self._socket])

    async def _models(self, request: Request) -> Response:
        data = [{"id": name, "object": "model", "created": 0, "owned_by": "fake"} for name in self.models or ["fake"]]
        return JSONResponse({"object": "list", "data": data})

    async def _chat(self, request: Request) -> Response:
        call = self._arrived(await request.json(), dict(request.headers))
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            if self.latency_s:
                await asyncio.sleep(self.latency_s)
            return self._turned_away(call) or await self._answered(call, self._fault(call), request)
        finally:
            self._at_once -= 1

    def _arrived(self, body: dict[str, Any], headers: dict[str, str]) -> Call:
        prompt = prompt_hash(body["messages"])
        call = Call(index=len(self.calls), seen=self._seen[prompt], prompt=prompt, body=body, headers=headers)
        self._seen[prompt] += 1
        self.calls.append(call)
        return call

    def _fault(self, call: Call) -> Fault | None:
        if callable(self.faults):
            return self.faults(call)
        return self.faults[call.index] if call.index < len(self.faults) else None

    def _turned_away(self, call: Call) -> Response | None:
        if self.redirect_to is not None:
            return RedirectResponse(f"{self.redirect_to}/chat/completions")
        given = call.headers.get("authorization", "")
        if self.key is not None and given != f"Bearer {self.key}":
            return _error(401, f"Incorrect API key provided: {given}.", code="invalid_api_key")
        if self.models is not None and call.body["model"] not in self.models:
            return _error(404, f"The model `{call.body['model']}` does not exist.", code="model_not_found")
        if call.format in self.refuse:
            return _error(self.refuse_status, f"response_format type {call.format} is not supported by this model")
        return None

    async def _answered(self, call: Call, fault: Fault | None, request: Request) -> Response:
        if fault is Fault.RESET:
            _reset(request)
        if fault in (Fault.RESET, Fault.HANG):
            while (await request.receive())["type"] != "http.disconnect":
                pass
            return Response(status_code=499)
        if fault is not None and fault in _ERRORS:
            status, message, code = _ERRORS[fault]
            if self.echo_key:
                message = f"{message} ({call.headers.get('authorization')})"
            headers = {"Retry-After": self.retry_after} if fault is Fault.RATE_LIMIT else {}
            return _error(status, message, code=code, headers=headers)
        if fault is Fault.HTML:
            return HTMLResponse("<html><body>It works!</body></html>")
        if fault is Fault.ERROR_INSIDE:
            told = call.headers.get("authorization") if self.echo_key else "the upstream provider is down"
            return JSONResponse({"error": {"code": 502, "message": told}})
        body = self._completion(call, fault)
        if fault is Fault.NO_CHOICES:
            body["choices"] = []
        if fault is Fault.BROKEN_BODY:
            return Response(json.dumps(body)[:40], media_type="application/json")
        # ASCII escapes, as many servers send: the only way in which half a surrogate pair can travel.
        return Response(json.dumps(body), media_type="application/json")

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
        said, told = len(message["content"] or ""), sum(len(m["content"]) for m in call.body["messages"])
        usage = {
            "prompt_tokens": told // 4 + 1,
            "completion_tokens": said // 4 + 1,
            "total_tokens": told // 4 + said // 4 + 2,
            "prompt_tokens_details": {"cached_tokens": self.cached_tokens},
        }
        return {
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
}

_SCHEMA_BLOCK = re.compile(r"\n\n[^\n]*JSON schema[^\n]*\n```json\n(.*)\n```\s*\Z", re.DOTALL)


def prompt_hash(messages: list[dict[str, Any]]) -> str:
    """The same for a prompt, with or without our schema block and whatever repair messages follow."""
    asked: list[list[str]] = []
    for message in messages:
        if message["role"] == "assistant":
            break
        asked.append([message["role"], _SCHEMA_BLOCK.sub("", message["content"])])
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()


def schema_of(body: dict[str, Any]) -> dict[str, Any] | None:
    """The JSON schema that the request asks for, wherever it says so."""
    wanted = body.get("response_format") or {}
    if wanted.get("type") == "json_schema":
        return dict(wanted["json_schema"]["schema"])
    block = _SCHEMA_BLOCK.search(body["messages"][-1]["content"])
    return dict(json.loads(block[1])) if block else None


def some_faulty(share: float, kinds: Sequence[Fault] = ELEVEN) -> Callable[[Call], Fault | None]:
    """That share of prompts fails the first time it comes, in one of these ways; which depends on the prompt."""

    def fault(call: Call) -> Fault | None:
        number = int(call.prompt[:12], 16)
        return kinds[number % len(kinds)] if call.seen == 0 and number // len(kinds) % 1000 < share * 1000 else None

    return fault


def _error(status: int, message: str, *, code: str | None = None, headers: dict[str, str] | None = None) -> Response:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    return JSONResponse({"error": error}, status_code=status, headers=headers)


def _reset(request: Request) -> None:
    """Close the connection with RST. ASGI has no word for it: uvicorn's own transport is reached through `receive`."""
    transport = request.receive.__self__.transport  # type: ignore[attr-defined]
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def main() -> None:
    parser = argparse.ArgumentParser(description="A fake OpenAI server.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds a call takes")
    parser.add_argument("--faulty", type=float, default=0.0, help="share of prompts that fail at first")
    given = parser.parse_args()
    server = FakeServer(port=given.port, latency_s=given.latency, faults=some_faulty(given.faulty))
    print(server.base_url, flush=True)  # noqa: T201  the caller reads the address
    server.run()


if __name__ == "__main__":
    main()
