"""A fake OpenAI server in a process of its own, lean enough that it is never what is measured.

It speaks just as much HTTP as our client does, answers after a fixed time with the schema filled from a hash of the
prompt (tests/schema_filler.py), and scores similarity so that every item takes the middle branch. Every answer is
determined by its prompt.

    with FastServer(latency_s=0.2) as server:
        server.base_url
        server.counts()  # what it saw: calls, most at once, CPU seconds
"""

import asyncio
import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

PROJECT = Path(__file__).resolve().parents[1]
MIDDLE, LOW = 0.5, 0.1  # between tau_low and tau_high; below both


class FastServer:
    """Runs while its `with` block lasts."""

    def __init__(self, *, latency_s: float) -> None:
        self._command = [sys.executable, "-m", "benchmarks._fast_server", str(latency_s)]

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.base_url = self._process.stdout.readline().strip()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.communicate()

    def counts(self) -> dict[str, float]:
        with urllib.request.urlopen(f"{self.base_url}/counts", timeout=30) as answer:
            return dict(json.loads(answer.read()))


class _Counts:
    def __init__(self) -> None:
        self.calls = 0
        self.at_once = 0
        self.most_at_once = 0


class _Connection(asyncio.Protocol):
    """HTTP/1.1 with Content-Length, one request after the other on a connection."""

    def __init__(self, latency_s: float, counts: _Counts) -> None:
        self._latency_s = latency_s
        self._counts = counts
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, separator, body = self._received.partition(b"\r\n\r\n")
        if not separator:
            return
        length = next(
            (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0
        )
        if len(body) >= length:
            self._received = body[length:]
            self._answer(head, body[:length])

    def _answer(self, head: bytes, body: bytes) -> None:
        if head.startswith(b"GET"):
            totals = {**vars(self._counts), "cpu_s": time.process_time()}
            self._send(json.dumps(totals).encode())
            return
        counts = self._counts
        counts.calls += 1
        counts.at_once += 1
        counts.most_at_once = max(counts.most_at_once, counts.at_once)
        started = time.perf_counter()
        answer = json.dumps(completion(json.loads(body))).encode()
        # What filling took is part of the time a call takes, not added to it.
        wait_s = max(0.0, self._latency_s - (time.perf_counter() - started))
        asyncio.get_running_loop().call_later(wait_s, self._finish, answer)

    def _finish(self, answer: bytes) -> None:
        self._counts.at_once -= 1
        self._send(answer)

    def _send(self, body: bytes) -> None:
        if not self._transport.is_closing():
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            self._transport.write(head.encode() + body)


def completion(body: dict[str, Any]) -> dict[str, Any]:
    from tests.fake_server import prompt_hash, schema_of
    from tests.schema_filler import fill

    schema = schema_of(body)
    filled = fill(schema, prompt_hash(body["messages"])) if schema else "text"
    for id_, score in filled.items() if isinstance(filled, dict) else ():
        if isinstance(score, dict) and "score" in score:
            score["score"] = MIDDLE if id_ == "m1" else LOW  # one best prediction: one view to perturb
    text = json.dumps(filled, ensure_ascii=False)
    prompt_characters = sum(len(message["content"]) for message in body["messages"])
    return {
        "model": f"{body['model']}-2026-01-01",
        "choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": prompt_characters // 4 + 1, "completion_tokens": len(text) // 4 + 1},
    }


async def _serve(latency_s: float) -> None:
    counts = _Counts()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(latency_s, counts), "127.0.0.1", 0, backlog=1024)
    sys.stdout.write(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1])))
