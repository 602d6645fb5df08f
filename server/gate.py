"""Who gets past the sign-in: asked of the database for every request, Streamlit's own included."""

from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from db.accounts.sessions import user_of_token
from pages._parts.sign_in import local_path
from pages._parts.who import COOKIE
from proutt_core.types.screens import FILE_HANDLERS

# What anybody may fetch: the sign-in itself and whether the server lives. Everything else needs a session, Streamlit's
# scripts and whatever a later Streamlit adds too (a path it does not know, under any folder, shows the app's page).
OPEN_PATHS = frozenset({"/sign-in", "/sign-out", "/healthz", "/_stcore/health"})
# Of Streamlit's own, what no page needs: figures about all sessions, running the script, driving the app by a program.
CLOSED = ("/_stcore/metrics", "/_stcore/script-health-check", "/_stcore/agent")
# Asked by scripts, not by people: refused instead of redirected.
MACHINE_FOLDERS = ("/_stcore/", "/media/", "/component/", "/app/", "/static/")
# Streamlit keeps whatever is sent here in memory, whether or not the page has a field for files, and hands out what its
# pages offer to whoever has the address: only those pass whose screens have such fields and offers.
FILES = ("/_stcore/upload_file", "/media/")


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
        if scope["path"].startswith(CLOSED):
            return False
        if scope["type"] == "http" and scope["path"] in OPEN_PATHS:
            return True
        token = HTTPConnection(scope).cookies.get(COOKIE)
        who = None if token is None else await run_in_threadpool(user_of_token, token)
        return who is not None and (not scope["path"].startswith(FILES) or who.has(*FILE_HANDLERS))

    def _refusal(self, scope: Scope) -> Response:
        path, query = scope["path"], scope["query_string"].decode("latin-1")
        if scope["method"] not in ("GET", "HEAD") or path.startswith(MACHINE_FOLDERS):
            sentence = "Sign in first, with an account that may do this."
            return PlainTextResponse(sentence, status_code=403, headers={"Cache-Control": "no-store"})
        path_here = local_path(quote(path) + (f"?{query}" if query else ""))
        target = "/sign-in" if path_here == "/" else f"/sign-in?next={quote(path_here, safe='')}"
        return RedirectResponse(target, 303, headers={"Cache-Control": "no-store"})
