"""One POST of JSON to a model server, and what came back: the openai package's `AsyncOpenAI` on a session of aiohttp.

Only the headers named here leave, whatever the package or its environment variables would add, and it never learns the
key. No redirect is followed, no cookie is kept, `.netrc` is never read, and an address on this machine is reached past
any proxy: text goes to the address that was named, to no other.

Importing the package takes most of a second: this module is imported when a client is about to send its first call.
"""

import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import httpx2
from openai import APIConnectionError, APIStatusError, AsyncOpenAI, Omit

from proutt_core.errors import ModelRefused
from proutt_core.llm.address import is_local
from proutt_core.llm.openai.bodies import as_text, value_of
from proutt_core.llm.openai.retry import Passing, UnusableReply
from proutt_core.llm.openai.words import shown

KEEP_ALIVE_S = 60.0
_HEADERS = {"Accept": "application/json", "Content-Type": "application/json", "User-Agent": "proutt-studio"}
# The largest answer that is read, unpacked: more than a model with a million tokens of context writes.
MOST_BYTES = 8 * 2**20
_CONTENT_TYPE = "content_type"


@dataclass(frozen=True)
class HttpReply:
    """`body` is the parsed JSON, or the text where it is none."""

    status: int
    headers: Mapping[str, str]
    body: Any


class Transport:
    """Belongs to the event loop that first uses it. `key` goes into the Authorization header, nowhere else.

    Raises ModelRefused where no request can be made for the address.
    """

    def __init__(self, base_url: str, *, key: str | None) -> None:
        self._url = base_url + "/chat/completions"
        try:
            self._client = AsyncOpenAI(
                base_url=base_url,
                api_key="known to the session only",
                max_retries=0,
                timeout=None,
                http_client=_Session(key=key, proxy=None if is_local(base_url) else _proxy_for(base_url)),
            )
        except httpx2.InvalidURL as exc:
            raise ModelRefused(f"no request can be made for {base_url}: {exc}") from exc
        # None of the package's own headers would leave; making them takes longer than leaving them out.
        self._left_out = dict.fromkeys(
            [*self._client.default_headers, "Authorization", "X-Stainless-Retry-Count"], Omit()
        )

    async def post(self, content: bytes) -> HttpReply:
        """Send it once. Raises Passing where no whole answer came, UnusableReply for one that is not to be read; any
        status is an answer."""
        try:
            response = await self._client.post(
                self._url,
                content=content,
                cast_to=httpx2.Response,
                # The idempotency key is not sent either. Where it is missing, the package draws one from the system's
                # random numbers, and other threads take their turn meanwhile: longer than all else it does.
                options={"headers": self._left_out, "idempotency_key": "-"},
            )
        except APIStatusError as exc:
            response = exc.response
        except APIConnectionError as exc:
            if isinstance(exc.__cause__, UnusableReply):
                raise exc.__cause__ from None
            raise Passing(f"{shown(str(exc.__cause__))} (is the server running, and is the address right?)") from exc
        return HttpReply(response.status_code, response.headers, _parsed(response))

    async def aclose(self) -> None:
        await self._client.close()


class _Session(httpx2.AsyncClient):
    """How the package's requests leave: through one session of aiohttp, opened by the first of them.

    An HTTP client has two things to do for the package, to build a request and to send it. `DefaultAioHttpClient` would
    do both with aiohttp as well, but keeps cookies, and a call takes a third more CPU.
    """

    def __init__(self, *, key: str | None, proxy: str | None) -> None:
        super().__init__(transport=httpx2.AsyncBaseTransport(), trust_env=False)  # nothing goes through the transport
        self._sent_headers = _HEADERS | ({"Authorization": f"Bearer {key}"} if key else {})
        self._through = proxy
        self._opened: aiohttp.ClientSession | None = None

    def build_request(self, method: str, url: httpx2.URL | str, *, content: Any = None, **_: Any) -> httpx2.Request:
        return httpx2.Request(method, url, content=content)

    async def send(self, request: httpx2.Request, **_: Any) -> httpx2.Response:
        """The answer, read to its end. Raises httpx2.TransportError where none came, or half of one."""
        if self._opened is None:
            self._opened = _open()
        try:
            async with self._opened.request(
                request.method,
                str(request.url),
                data=request.content,
                headers=self._sent_headers,
                proxy=self._through,
                allow_redirects=False,
            ) as response:
                content = await _read(response)
        except TimeoutError:
            raise
        except (aiohttp.ClientError, OSError, ValueError) as exc:
            # ValueError: an answer that is no HTTP, or a proxy that is no HTTP proxy.
            raise httpx2.TransportError(str(exc) or type(exc).__name__) from exc
        # Its type does not go through the package, which would decode an error's text as that says, whatever it says.
        headers = [(name, value) for name, value in response.raw_headers if name.lower() == b"retry-after"]
        extensions = {_CONTENT_TYPE: response.headers.get("Content-Type", "")}
        return httpx2.Response(
            response.status, headers=headers, content=content, request=request, extensions=extensions
        )

    async def aclose(self) -> None:
        await super().aclose()
        if self._opened is not None:
            await self._opened.close()


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """The body, unpacked on the way, so that neither an endless one nor a packed one fills the memory."""
    parts: list[bytes] = []
    size = 0
    async for part in response.content.iter_any():
        size += len(part)
        if size > MOST_BYTES:
            response.close()
            raise UnusableReply(f"it is larger than {MOST_BYTES // 2**20} MiB")
        parts.append(part)
    return b"".join(parts)


def _open() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        # How many calls are under way is limited elsewhere, and so is how long one may take.
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE_S),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=True,
        trust_env=False,
    )


def _proxy_for(base_url: str) -> str | None:
    """The proxy that the environment names for this address."""
    parts = urlsplit(base_url)
    if urllib.request.proxy_bypass(parts.hostname or ""):
        return None
    named = urllib.request.getproxies()
    return named.get(parts.scheme) or named.get("all")


def _parsed(response: httpx2.Response) -> Any:
    """What is not JSON is handed on as text, for it tells who answered instead; an error's status says enough."""
    content_type = response.extensions[_CONTENT_TYPE]
    try:
        return value_of(response.content, content_type=content_type)
    except (Passing, UnusableReply):
        if response.is_success:
            raise
        return as_text(response.content, content_type)
