"""The server: `streamlit run app.py`. Signing in and out, the gate before everything else, security headers, /healthz.

The screens are in pages/; pages/router.py is the only script the server itself starts.
"""

import gc
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit

import streamlit as st
from dotenv import find_dotenv
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from db.accounts.sessions import SESSION_LASTS, SlowDown, sign_in, sign_out, user_of_token
from db.health import close, health
from db.migrate import migrate
from pages._parts.notices import unexpected_error
from pages._parts.sign_in import CONTENT_SECURITY_POLICY as SIGN_IN_POLICY
from pages._parts.sign_in import local_path, sign_in_page
from pages._parts.text import _
from pages._parts.who import COOKIE
from proutt_core.environment import load_settings_file
from proutt_core.errors import NotAllowed, SettingsError
from proutt_core.terminal import log_to_stderr
from proutt_core.types.screens import UPLOADERS

# Streamlit's own page runs inline scripts and compiles wasm; nothing may come from or go to another host.
APP_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval' blob:; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' ws: wss:; worker-src 'self' blob:;"
    " object-src 'none'; frame-ancestors 'none'; base-uri 'self'; form-action 'self'"
)
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not "no-referrer": browsers would then send "Origin: null" with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}

# What anybody may fetch: the sign-in itself and whether the server lives. Everything else needs a session, Streamlit's
# scripts and whatever a later Streamlit adds too (a path it does not know, under any folder, shows the app's page).
OPEN_PATHS = frozenset({"/sign-in", "/sign-out", "/healthz", "/_stcore/health"})
# Asked by scripts, not by people: refused instead of redirected.
MACHINE_FOLDERS = ("/_stcore/", "/media/", "/component/", "/app/", "/static/")
# Streamlit keeps whatever is sent here in memory, whether or not the page has a field for files: only those pass whose
# screens have one.
UPLOADS = "/_stcore/upload_file"


class SecurityHeaders:
    """On every response, also on refusals and errors."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers[name] = value
                headers.setdefault("Content-Security-Policy", APP_POLICY)
            await send(message)

        await self.app(scope, receive, send_with_headers)


class Gate:
    """Without a session: the sign-in for people, a refusal for scripts, uploads and the websocket."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or await self._may_pass(scope):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            # Closing before accepting makes the server answer the handshake with 403.
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            await self._refusal(scope)(scope, receive, send)

    async def _may_pass(self, scope: Scope) -> bool:
        if scope["type"] == "http" and scope["path"] in OPEN_PATHS:
            return True
        token = HTTPConnection(scope).cookies.get(COOKIE)
        who = None if token is None else await run_in_threadpool(user_of_token, token)
        return who is not None and (not scope["path"].startswith(UPLOADS) or who.has(*UPLOADERS))

    def _refusal(self, scope: Scope) -> Response:
        path, query = scope["path"], scope["query_string"].decode("latin-1")
        if scope["method"] not in ("GET", "HEAD") or path.startswith(MACHINE_FOLDERS):
            sentence = "Sign in first, with an account that may do this."
            return PlainTextResponse(sentence, status_code=403, headers={"Cache-Control": "no-store"})
        path_here = local_path(quote(path) + (f"?{query}" if query else ""))
        target = "/sign-in" if path_here == "/" else f"/sign-in?next={quote(path_here, safe='')}"
        return RedirectResponse(target, 303, headers={"Cache-Control": "no-store"})


def _from_here(headers: Headers) -> bool:
    """Browsers name the page a form was sent from; one of another host, or none at all, is refused."""
    origin = headers.get("origin", "")
    return bool(origin) and urlsplit(origin).netloc == headers.get("host")


def _sign_in_response(*, status: int = 200, **shown: str) -> HTMLResponse:
    return HTMLResponse(
        sign_in_page(**shown),
        status_code=status,
        headers={"Cache-Control": "no-store", "Content-Security-Policy": SIGN_IN_POLICY},
    )


async def show_sign_in(request: Request) -> Response:
    go_on_to = local_path(request.query_params.get("next", "/"))
    if await run_in_threadpool(user_of_token, request.cookies.get(COOKIE)):
        return RedirectResponse(go_on_to, 303, headers={"Cache-Control": "no-store"})
    notice = _("You are signed out.") if "signed-out" in request.query_params else ""
    return _sign_in_response(go_on_to=go_on_to, notice=notice)


async def do_sign_in(request: Request) -> Response:
    if not _from_here(request.headers):
        return PlainTextResponse("This form was sent from another site.", status_code=403)
    async with request.form(max_files=0, max_fields=10) as form:
        name, password, go_on_to = (str(form.get(field) or "") for field in ("name", "password", "next"))
    go_on_to = local_path(go_on_to)
    try:
        token = await run_in_threadpool(
            sign_in,
            name=name,
            password=password,
            address=request.client.host if request.client else "",
            old_token=request.cookies.get(COOKIE),
        )
    except SlowDown as exc:
        page = _sign_in_response(status=429, go_on_to=go_on_to, name=name[:64], error=str(exc))
        page.headers["Retry-After"] = str(exc.seconds)
        return page
    except NotAllowed as exc:
        return _sign_in_response(status=401, go_on_to=go_on_to, name=name[:64], error=str(exc))
    response = RedirectResponse(go_on_to, 303, headers={"Cache-Control": "no-store"})
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(SESSION_LASTS.total_seconds()),
        httponly=True,
        samesite="lax",
        # By the browser's own address of us: behind a proxy the request arrives here by another one.
        secure=request.headers["origin"].startswith("https:") or request.url.scheme == "https",
    )
    return response


async def show_sign_out(_request: Request) -> Response:
    """Somebody typed the address: the account page has the button."""
    return RedirectResponse("/account", 303, headers={"Cache-Control": "no-store"})


async def do_sign_out(request: Request) -> Response:
    if not _from_here(request.headers):
        return PlainTextResponse("This form was sent from another site.", status_code=403)
    token = request.cookies.get(COOKIE)
    if token:
        await run_in_threadpool(sign_out, token)
    response = RedirectResponse("/sign-in?signed-out", 303, headers={"Cache-Control": "no-store"})
    response.delete_cookie(COOKIE, httponly=True, samesite="lax")
    return response


async def show_health(_request: Request) -> Response:
    state = await run_in_threadpool(health)
    return JSONResponse({"status": state}, status_code=200 if state == "ok" else 503)


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    log_to_stderr(level=logging.WARNING)
    # A schema from a newer version raises here, and the server does not start.
    await run_in_threadpool(migrate)
    gc.collect()
    gc.freeze()
    yield
    close()


try:
    load_settings_file(Path(find_dotenv()))
except SettingsError as exc:
    sys.exit(f"error: {exc}")

app = st.App(
    "pages/router.py",
    lifespan=lifespan,
    routes=[
        Route("/sign-in", show_sign_in, methods=["GET"]),
        Route("/sign-in", do_sign_in, methods=["POST"]),
        Route("/sign-out", show_sign_out, methods=["GET"]),
        Route("/sign-out", do_sign_out, methods=["POST"]),
        Route("/healthz", show_health, methods=["GET"]),
    ],
    middleware=[Middleware(SecurityHeaders), Middleware(Gate)],
    on_script_error=unexpected_error,
)
