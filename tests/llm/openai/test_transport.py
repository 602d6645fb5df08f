"""What leaves and what comes back, byte by byte, and the connections between: the transport below the client."""

import asyncio
import gzip
import os
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from proutt_core.errors import ModelRefused, ModelUnavailable, ReplyError
from proutt_core.llm.openai.client import OpenAICompatible
from proutt_core.llm.openai.retry import Backoff
from proutt_core.llm.openai.transport import Transport
from tests.llm.openai.raw_server import COMPLETION, RawServer, http
from tests.llm.replies import prompt

PROJECT = Path(__file__).resolve().parents[3]
T = TypeVar("T")


async def with_model(base_url: str, work: Callable[[OpenAICompatible], Awaitable[T]]) -> T:
    model = OpenAICompatible(name="fake", base_url=base_url, deadline_s=30.0, backoff=Backoff(attempts=1))
    try:
        return await work(model)
    finally:
        await model.aclose()


def served(server: RawServer, work: Callable[[OpenAICompatible], Awaitable[T]], *, host: str = "127.0.0.1") -> T:
    async def whole() -> T:
        async with server:
            return await with_model(f"http://{host}:{server.port}/v1", work)

    return asyncio.run(whole())


async def ask(model: OpenAICompatible) -> str:
    return (await model.complete(prompt(), schema=None)).text


async def ask_twice(model: OpenAICompatible) -> None:
    await ask(model)
    await ask(model)


# --- what comes back ---


def test_a_compressed_answer_is_read() -> None:
    assert served(RawServer(http(gzip.compress(COMPLETION), "Content-Encoding: gzip")), ask) == "an answer"


@pytest.mark.parametrize(
    "answer", [http(length=len(COMPLETION) + 1), http(gzip.compress(COMPLETION)[:20], "Content-Encoding: gzip")]
)
def test_half_an_answer_is_none(answer: bytes) -> None:
    with pytest.raises(ModelUnavailable, match=r"is the server running|the answer is empty"):
        served(RawServer(answer, hangs_up=True), ask)


ENDLESS = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n" + b" " * (20 << 20)


@pytest.mark.parametrize(
    "answer", [ENDLESS, http(gzip.compress(b" " * (64 << 20)), "Content-Encoding: gzip")], ids=["endless", "bomb"]
)
def test_a_reply_that_goes_on_beyond_any_answer_is_given_up_and_fails_its_item(answer: bytes) -> None:
    with pytest.raises(ReplyError, match="larger than 8 MiB"):
        served(RawServer(answer, hangs_up=True), ask)


@pytest.mark.parametrize("opening", [b"[", b'{"choices":'])
def test_json_nested_beyond_reason_fails_its_item(opening: bytes) -> None:
    with pytest.raises(ReplyError, match="nested too deep"):
        served(RawServer(http(opening * 100_000)), ask)


@pytest.mark.parametrize("answer", [b"SSH-2.0-OpenSSH_9.6\r\n", b"", b"\x15\x03\x01\x00\x02\x02\x46"])
def test_an_answer_that_is_no_http_is_none(answer: bytes) -> None:
    with pytest.raises(ModelUnavailable, match="is the server running, and is the address right"):
        served(RawServer(answer, hangs_up=True), ask)


@pytest.mark.parametrize("status", [300, 304, 418, 451, 999])
@pytest.mark.parametrize("body", [b"", b"null", b"[1]", b'"no"', b'{"error": [1]}', b'{"error": {"message": {}}}'])
def test_an_error_of_any_status_and_shape_is_a_refusal_or_passes(status: int, body: bytes) -> None:
    if status == 304:  # by its nature without a body
        body = b""
    with pytest.raises((ModelRefused, ModelUnavailable)) as caught:
        served(RawServer(http(body, status=status)), ask)
    assert f"HTTP {status}" in str(caught.value) or "not whole JSON" in str(caught.value)


def test_retry_after_that_is_no_ascii_says_nothing() -> None:
    with pytest.raises(ModelUnavailable, match="HTTP 429"):
        served(RawServer(http(b"{}", "Retry-After: später", status=429)), ask)


# --- what leaves ---


def test_no_cookie_is_kept() -> None:
    server = RawServer(http(COMPLETION, "Set-Cookie: session=1; Path=/"))
    served(server, ask_twice, host="localhost")
    assert len(server.requests) == 2
    assert not any("cookie" in request.lower() for request in server.requests)


def test_another_machine_is_asked_through_the_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    async def asked_from_afar() -> list[str]:
        async with RawServer(http()) as proxy:
            for variable in ("no_proxy", "NO_PROXY"):
                monkeypatch.delenv(variable, raising=False)
            monkeypatch.setenv("http_proxy", f"http://me:secret@127.0.0.1:{proxy.port}")
            await with_model("http://model.example/v1", ask)
            return proxy.requests

    (request,) = asyncio.run(asked_from_afar())
    assert request.startswith("POST http://model.example/v1/chat/completions HTTP/1.1\r\n")
    assert "proxy-authorization: basic bWU6c2VjcmV0".lower() in request.lower()


def test_an_address_for_which_no_request_can_be_made_is_refused_for_every_call() -> None:
    with pytest.raises(ModelRefused, match="no request can be made for http://\u2488ample/v1") as caught:
        asyncio.run(with_model("http://\u2488ample/v1", ask))
    assert caught.value.every_call is True


# --- connections ---


def test_any_number_of_calls_is_under_way_at_once() -> None:
    """More than the pools of HTTP clients hold by default: the server answers when all have arrived."""

    async def many(model: OpenAICompatible) -> int:
        return len(await asyncio.gather(*(ask(model) for _ in range(200))))

    server = RawServer(http(), together=200)
    assert served(server, many) == 200
    assert server.connections == 200


def test_a_connection_serves_the_next_call_and_is_closed_with_the_client() -> None:
    async def whole() -> tuple[int, int]:
        async with RawServer(http()) as server:
            await with_model(server.base_url, ask_twice)
            await server.until_open(0)
            return server.connections, len(server.requests)

    assert asyncio.run(whole()) == (1, 2)


def test_a_cancelled_call_leaves_no_connection() -> None:
    server = RawServer(http(), hangs=1)

    async def cancelled(model: OpenAICompatible) -> str:
        task = asyncio.create_task(ask(model))
        while not server.requests:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await server.until_open(0)
        return await ask(model)

    assert served(server, cancelled) == "an answer"
    assert server.connections == 2


def test_a_closed_client_that_is_asked_again_opens_again() -> None:
    async def twice(model: OpenAICompatible) -> str:
        await ask(model)
        await model.aclose()
        return await ask(model)

    server = RawServer(http())
    assert served(server, twice) == "an answer"
    assert server.connections == 2


def test_the_event_loop_goes_on_while_the_first_calls_open_the_transport_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leases are renewed there, and the package takes most of a second to import."""
    loop_went_on = threading.Event()
    opened: list[str] = []

    def slowly_opened(address: str, *, key: str | None) -> Transport:
        assert loop_went_on.wait(timeout=30)
        opened.append(address)
        return Transport(address, key=key)

    async def thrice(model: OpenAICompatible) -> list[str]:
        asking = [asyncio.create_task(ask(model)) for _ in range(3)]
        await asyncio.sleep(0.01)
        loop_went_on.set()
        return await asyncio.gather(*asking)

    monkeypatch.setattr("proutt_core.llm.openai.client._transport_to", slowly_opened)
    assert served(RawServer(http()), thrice) == ["an answer"] * 3
    assert len(opened) == 1


# --- the openai package ---


def run_python(code: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=PROJECT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    )


def test_nobody_who_sends_no_call_waits_for_the_package_to_be_imported() -> None:
    run_python("""
import sys
import pages._parts.jobs.model_check, pages._parts.jobs.model_form, pages._parts.synthesis.run_form
import proutt_core.commands.models, proutt_core.jobs.process
from proutt_core.llm.providers.model_ref import ModelRef

assert ModelRef("m", base_url="http://127.0.0.1:1/v1").open().name == "m"
assert not {"openai", "httpx2"} & set(sys.modules)
""")


def test_the_command_line_does_not_import_the_package() -> None:
    run_python("""
import sys
from proutt_core.__main__ import app

for words in (["--help"], ["models"], ["synthesize", "--help"]):
    try:
        app(words)
    except SystemExit as exc:
        assert not exc.code
assert "openai" not in sys.modules
""")


def test_the_packages_own_logging_tells_neither_key_nor_text() -> None:
    """Switched on as its users do, beside all other logging, with a server that quotes the key in its errors."""
    key, text = "sk-secret-4f1c9a77e2", "what nobody may read"
    done = run_python(
        f"""
import asyncio, logging
logging.basicConfig(level=logging.DEBUG)
from proutt_core.errors import ModelError
from proutt_core.llm.openai.client import OpenAICompatible
from proutt_core.llm.openai.retry import Backoff
from tests.fake_server import FakeServer, Fault
from tests.llm.replies import prompt

async def work(base_url):
    model = OpenAICompatible(name="fake", base_url=base_url, key_env="FAKE_KEY", backoff=Backoff(attempts=1))
    refused = 0
    for _ in range(4):
        try:
            await model.complete(prompt({text!r}), schema=None)
        except ModelError:
            refused += 1
    await model.aclose()
    assert refused == 3

with FakeServer(faults=[Fault.ERROR_500, Fault.TOO_LONG, Fault.RESET], echo_key=True) as server:
    asyncio.run(work(server.base_url), debug=True)
    assert all(call.headers["authorization"] == {f"Bearer {key}"!r} for call in server.calls)
""",
        FAKE_KEY=key,
        OPENAI_LOG="debug",
    )
    assert "openai._base_client" in done.stderr  # it does log
    assert key not in done.stdout + done.stderr
    assert text not in done.stdout + done.stderr
