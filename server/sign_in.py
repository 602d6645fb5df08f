"""The routes that sign in and out."""

from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from db.accounts.attempts import KNOWN_FOR, SlowDown
from db.accounts.passwords import PasswordsBusy
from db.accounts.sessions import SESSION_LASTS, browser_mark, sign_in, sign_out, user_of_token
from pages._parts.sign_in import CONTENT_SECURITY_POLICY as SIGN_IN_POLICY
from pages._parts.sign_in import local_path, sign_in_page
from pages._parts.text import _
from pages._parts.who import COOKIE
from proutt_core.errors import NotAllowed
from server.own_threads import LineIsFull, OwnThreads

# Outlives the session and signing out: a browser that a name signed in with is not slowed down by what others try.
KNOWN_COOKIE = "proutt_known"

# Each waits for the database and for its turn to be hashed (db/accounts/passwords.py). A class at one address fits in.
_sign_ins = OwnThreads(at_work=4, waiting=92, waiting_per_client=44)


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
    async with request.form(max_files=0, max_fields=10, max_part_size=8192) as form:
        name, password, go_on_to = (str(form.get(field) or "") for field in ("name", "password", "next"))
    go_on_to = local_path(go_on_to)
    address = request.client.host if request.client else ""
    attempt = partial(
        sign_in,
        name=name,
        password=password,
        address=address,
        old_token=request.cookies.get(COOKIE),
        browser=request.cookies.get(KNOWN_COOKIE),
    )
    try:
        token = await _sign_ins.run(attempt, client=address)
    except SlowDown as exc:
        return _wait_page(429, exc.seconds, str(exc), go_on_to=go_on_to, name=name)
    except (LineIsFull, PasswordsBusy):
        told = _("Too many people are signing in at this moment. Try again in a few seconds.")
        return _wait_page(503, 5, told, go_on_to=go_on_to, name=name)
    except NotAllowed as exc:
        return _sign_in_response(status=401, go_on_to=go_on_to, name=name[:64], error=str(exc))
    response = RedirectResponse(go_on_to, 303, headers={"Cache-Control": "no-store"})
    # By the browser's own address of us: behind a proxy the request arrives here by another one.
    secure = request.headers["origin"].startswith("https:") or request.url.scheme == "https"
    lasts = int(SESSION_LASTS.total_seconds())
    response.set_cookie(COOKIE, token, max_age=lasts, httponly=True, samesite="lax", secure=secure)
    lasts = int(KNOWN_FOR.total_seconds())
    response.set_cookie(
        KNOWN_COOKIE,
        browser_mark(token),
        max_age=lasts,
        path="/sign-in",
        httponly=True,
        samesite="strict",
        secure=secure,
    )
    return response


def _wait_page(status: int, seconds: int, told: str, *, go_on_to: str, name: str) -> HTMLResponse:
    page = _sign_in_response(status=status, go_on_to=go_on_to, name=name[:64], error=told)
    page.headers["Retry-After"] = str(seconds)
    return page


async def show_sign_out(_request: Request) -> Response:
    """Somebody typed the address: the account page has the button."""
    return RedirectResponse("/account", 303, headers={"Cache-Control": "no-store"})


async def do_sign_out(request: Request) -> Response:
    token = request.cookies.get(COOKIE)
    # Asked first: who made a cookie up must not take a turn of those who write.
    who = await run_in_threadpool(user_of_token, token)
    if token and who:
        await run_in_threadpool(sign_out, token)
    response = RedirectResponse("/sign-in?signed-out", 303, headers={"Cache-Control": "no-store"})
    response.delete_cookie(COOKIE, httponly=True, samesite="lax")
    return response


ROUTES = (
    Route("/sign-in", show_sign_in, methods=["GET"]),
    Route("/sign-in", do_sign_in, methods=["POST"]),
    Route("/sign-out", show_sign_out, methods=["GET"]),
    Route("/sign-out", do_sign_out, methods=["POST"]),
)
