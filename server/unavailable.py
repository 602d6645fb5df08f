"""What is answered while the database cannot be used, and `/healthz`."""

import asyncio
import logging
from html import escape

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from db.health import ADVICE, Trouble, health, trouble_of
from pages._parts.no_database import said_of
from pages._parts.sign_in import CONTENT_SECURITY_POLICY, html_page
from pages._parts.text import _

log = logging.getLogger("proutt.server")

RETRY_AFTER_S = 10
# Asked by anybody, and each look writes: those who ask within this time get the same answer.
HEALTH_HOLDS_S = 2.0


class Unavailable:
    """Any request that fails for the database's sake is answered with what is wrong, also the sign-in's."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def noting(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, noting)
        except Exception as exc:
            trouble = trouble_of(exc)
            if begun or trouble is None or scope["type"] not in ("http", "websocket"):
                raise
            log.error("%s: the database cannot be used (%s): %s", scope["path"], trouble, exc)
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1013})
            else:
                await _answer(trouble, as_page=scope["method"] in ("GET", "HEAD", "POST"))(scope, receive, send)


def _answer(trouble: Trouble, *, as_page: bool) -> Response:
    wrong, done, remedy = said_of(trouble)
    headers = {"Cache-Control": "no-store", "Retry-After": str(RETRY_AFTER_S)}
    if not as_page:
        return PlainTextResponse(f"{wrong}\n{remedy}\n", status_code=503, headers=headers)
    title = _("The database cannot be used")
    main = f"""<main role="alert">
<h1>{escape(title)}</h1>
<p>{escape(wrong)}</p>
<p>{escape(done)}</p>
<p class="foot">{escape(remedy)}</p>
</main>"""
    page = html_page(title=title, main=main)
    return HTMLResponse(page, status_code=503, headers=headers | {"Content-Security-Policy": CONTENT_SECURITY_POLICY})


class HealthCheck:
    """`/healthz`: the state of the database, looked at by one request at a time."""

    def __init__(self) -> None:
        self._looking = asyncio.Lock()
        self._state, self._until = "", 0.0

    async def answer(self, _request: Request) -> Response:
        async with self._looking:
            clock = asyncio.get_running_loop().time
            if clock() >= self._until:
                self._state = await run_in_threadpool(health)
                self._until = clock() + HEALTH_HOLDS_S
        answer = {"status": self._state}
        if self._state in ADVICE:
            answer["problem"] = ADVICE[self._state].problem
        return JSONResponse(answer, status_code=200 if self._state == "ok" else 503)
