"""By which name this server is asked, and from where: one rule for every route, Streamlit's own included.

- The host that is asked for is one of `server.allowedHosts`. Else a page of any site could, by an address of its own
  that turns into ours (DNS rebinding), read what its visitor may read.
- Whoever names an origin names this very site, port included: cookies know no ports, so without this a page on another
  port of the same machine could open the websocket as its visitor. Whatever is more than reading (websocket, forms,
  uploads) must name one, as browsers always do.

Decided here, before Streamlit is asked: for an origin that it does not know it asks the internet for its own address,
and meanwhile serves nobody.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from server.proxies import VARIABLE, Networks, as_the_browser_asked, is_from_proxy
from server.site import host_is_allowed, is_from_here, site_of

log = logging.getLogger("proutt.server")

_READING = frozenset({"GET", "HEAD"})
# Whoever sends invented names must not fill the log.
_MOST_LOGGED = 20


@dataclass(frozen=True)
class Refusal:
    status: int
    sentence: str
    log_line: str


class Doors:
    """Refuses before anything else looks at the request; behind it, address, scheme and host are the browser's.

    `hosts` as `checked_hosts` returns them.
    """

    def __init__(self, app: ASGIApp, *, hosts: Sequence[str], proxies: Networks) -> None:
        self.app = app
        self.hosts = hosts
        self.proxies = proxies
        self._logged: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        self._log_unnamed_proxy(scope)
        scope = as_the_browser_asked(scope, self.proxies)
        refusal = self._refusal(scope)
        if refusal is None:
            await self.app(_in_one_spelling(scope), receive, send)
            return
        self._log(refusal.log_line)
        if scope["type"] == "websocket":
            # Closing before accepting makes the server answer the handshake with 403.
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            answer = PlainTextResponse(refusal.sentence, refusal.status, headers={"Cache-Control": "no-store"})
            await answer(scope, receive, send)

    def _refusal(self, scope: Scope) -> Refusal | None:
        headers = Headers(scope=scope)
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        site = site_of(hosts[0]) if len(hosts) == 1 else None
        if site is None or not host_is_allowed(site, self.hosts):
            return Refusal(
                400,
                "This server does not go by that name. Whoever runs it can add the name to server.allowedHosts.",
                f"refused a request for the host {', '.join(hosts)[:100]!r}; if browsers are to reach this server by"
                f" that name, start it with --server.allowedHosts {site.name if site else 'NAME'} (docs/serving.md)",
            )
        if not origins and scope["type"] == "http" and scope["method"] in _READING:
            return None
        if len(origins) == 1 and is_from_here(origins[0], site, scope["scheme"].replace("ws", "http")):
            return None
        return Refusal(
            403,
            "This was sent from another site.",
            f"refused a request to {hosts[0][:100]!r} from a page of {', '.join(origins)[:100]!r}; if both are this"
            " server, the proxy in front must hand on the Host header (docs/serving.md)",
        )

    def _log_unnamed_proxy(self, scope: Scope) -> None:
        claims = any(name == b"x-forwarded-for" for name, _ in scope["headers"])
        if claims and scope.get("client") and not is_from_proxy(scope, self.proxies):
            self._log(
                f"{scope['client'][0]} says for whom it asks and is not believed; if it is your proxy, name it in"
                f" {VARIABLE}, else all people behind it count as one (docs/serving.md)"
            )

    def _log(self, line: str) -> None:
        if line not in self._logged and len(self._logged) < _MOST_LOGGED:
            self._logged.add(line)
            log.warning("%s", line)


def _in_one_spelling(scope: Scope) -> Scope:
    """Streamlit compares Host and Origin letter by letter, and looks elsewhere where they differ."""
    headers = Headers(scope=scope)
    if "origin" not in headers:
        return scope
    scheme, _, _ = headers["origin"].partition("://")
    origin = f"{scheme}://{headers['host']}".encode("latin-1")
    return {**scope, "headers": [(name, origin if name == b"origin" else value) for name, value in scope["headers"]]}
