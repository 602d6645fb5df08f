"""The routes that sign in and out."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from db.accounts.sessions import SESSION_LASTS, SlowDown, sign_in, sign_out, user_of_token
from pages._parts.sign_in import CONTENT_SECURITY_POLICY as SIGN_IN_POLICY
from pages._parts.sign_in import local_path, sign_in_page
from pages._parts.text import _
from pages._parts.who import COOKIE
from proutt_core.errors import NotAllowed


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
    token = request.cookies.get(COOKIE)
    if token:
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
