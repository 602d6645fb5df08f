"""One POST of JSON to a model server, and what came back: as little between the client and the socket as will do.

Only the headers named here leave. No redirect is followed, no cookie is kept, `.netrc` is never read, and an address on
this machine is reached past any proxy: text goes to the address that was named, to no other.
"""

import asyncio
import json
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from proutt_core.llm.address import is_local
from proutt_core.llm.openai.replies import Passing

KEEP_ALIVE_S = 60.0


@dataclass(frozen=True)
class HttpReply:
    """`body` is the parsed JSON, or the text where it is none."""

    status: int
    headers: Mapping[str, str]
    body: Any


class Transport:
    """Belongs to the event loop that first uses it. `key` goes into the Authorization header, nowhere else."""

    def __init__(self, base_url: str, *, key: str | None) -> None:
        self._url = base_url + "/chat/completions"
        self._proxy = None if is_local(base_url) else _proxy_for(base_url)
        self._headers = {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": "proutt-studio",
        }
        if key:
            self._headers["Authorization"] = f"Bearer {key}"
        self._session: aiohttp.ClientSession | None = None

    async def post(self, body: Mapping[str, Any]) -> HttpReply:
        """Send it once. Raises Passing where no whole answer came; any status is an answer."""
        data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        try:
            async with self._opened().post(
                self._url, data=data, headers=self._headers, proxy=self._proxy, allow_redirects=False
            ) as response:
                content = await response.read()
        except TimeoutError:
            raise
        except (aiohttp.ClientError, OSError, ValueError) as exc:
            # ValueError: an answer that is no HTTP, or a proxy that is no HTTP proxy.
            raise Passing(f"{exc or type(exc).__name__} (is the server running, and is the address right?)") from exc
        return HttpReply(response.status, response.headers, _parsed(content, response.content_type))

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                # How many calls are under way is limited elsewhere, and so is how long one may take.
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE_S),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=True,
                trust_env=False,
                loop=asyncio.get_running_loop(),
            )
        return self._session


def _proxy_for(base_url: str) -> str | None:
    """The proxy that the environment names for this address."""
    parts = urlsplit(base_url)
    if urllib.request.proxy_bypass(parts.hostname or ""):
        return None
    named = urllib.request.getproxies()
    return named.get(parts.scheme) or named.get("all")


def _parsed(content: bytes, content_type: str) -> Any:
    """What is not JSON is handed on as text, for it tells who answered instead."""
    try:
        return json.loads(content)
    except ValueError as exc:  # also bytes that are no text
        if content_type.endswith("json"):
            raise Passing(f"the answer's body is not whole JSON ({exc})") from exc
        return content.decode("utf-8", "replace")
