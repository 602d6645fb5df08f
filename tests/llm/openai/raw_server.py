"""A server that answers with bytes of the test's choice, whatever HTTP they are, and remembers what arrived."""

import asyncio
from types import TracebackType
from typing import Self

COMPLETION = b'{"choices": [{"message": {"content": "an answer"}, "finish_reason": "stop"}]}'


def http(body: bytes = COMPLETION, *headers: str, status: int = 200, length: int | None = None) -> bytes:
    """An answer as it travels. `length`: what it says of its body, where that is not the truth."""
    lines = [f"HTTP/1.1 {status} Some words", "Content-Type: application/json", *headers]
    lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class RawServer:
    """Serves in the event loop of the test while its `async with` block lasts.

    It answers none before `together` requests are under way, and the first `hangs` not at all.
    """

    def __init__(self, answer: bytes, *, together: int = 1, hangs: int = 0, hangs_up: bool = False) -> None:
        self.requests: list[str] = []
        self.connections = 0
        self.open = 0
        self.answer = answer
        self._together = together
        self._hangs = hangs
        self._hangs_up = hangs_up
        self._all_arrived = asyncio.Event()
        self._changed = asyncio.Condition()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=1024)
        self.port = self._server.sockets[0].getsockname()[1]
        self.base_url = f"http://127.0.0.1:{self.port}/v1"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        self._all_arrived.set()
        await self.until_open(0)

    async def until_open(self, count: int) -> None:
        """Wait until so many connections are open."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.open == count)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        await self._count(1)
        try:
            while await self._arrived(reader):
                writer.write(self.answer)
                await writer.drain()
                if self._hangs_up:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client is gone
        finally:
            writer.close()
            await self._count(-1)

    async def _arrived(self, reader: asyncio.StreamReader) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        length = next(int(line.partition(":")[2]) for line in head.lower().split("\r\n") if "content-length:" in line)
        await reader.readexactly(length)
        self.requests.append(head)
        if len(self.requests) <= self._hangs:
            await reader.read()  # until the client hangs up
            return False
        if len(self.requests) >= self._together:
            self._all_arrived.set()
        await self._all_arrived.wait()
        return True

    async def _count(self, change: int) -> None:
        async with self._changed:
            self.open += change
            self._changed.notify_all()
