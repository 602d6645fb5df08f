"""Who is there, and may they do this: asked on every rerun and in every callback, of the table of screens and roles."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import NoReturn

import streamlit as st

from db.accounts.sessions import SignedIn, user_of_token
from pages._parts.text import _
from proutt_core.errors import NotAllowed
from proutt_core.types.screens import screen

Drawing = Callable[..., None]
COOKIE = "proutt_session"
_OWNER = "_signed_in_user"
_of_this_run: ContextVar[SignedIn | None] = ContextVar("of_this_run", default=None)
_to_sign_in = st.components.v2.component(
    "proutt_to_sign_in",
    js="""export default function() {
  const here = window.location.pathname + window.location.search;
  window.location.replace("/sign-in" + (here === "/" ? "" : "?next=" + encodeURIComponent(here)));
}""",
)


def session_token() -> str | None:
    """The browser's cookie. Outside a browser (AppTest) Streamlit answers with something that is no text."""
    token = st.context.cookies.get(COOKIE)
    return token if isinstance(token, str) else None


def signed_in() -> SignedIn | None:
    """Who is there now, from the database: asked once in every run of a page, of a fragment and of a callback.

    Streamlit may hand a browser session on to another person; what the first one left in it is thrown away.
    """
    if (known := _of_this_run.get()) is not None:
        return known
    who = user_of_token(session_token())
    owner = st.session_state.get(_OWNER)
    if owner is not None and (who is None or who.id != owner):
        st.session_state.clear()
    if who is not None:
        st.session_state[_OWNER] = who.id
    return who


@contextmanager
def drawn_for(who: SignedIn) -> Iterator[None]:
    """The run of one page, for whom the router found there. Callbacks run before it, fragments by themselves after."""
    token = _of_this_run.set(who)
    try:
        yield
    finally:
        _of_this_run.reset(token)


def draws_page() -> bool:
    """Whether a whole page is being drawn, not a fragment of it alone."""
    return _of_this_run.get() is not None


def acting(name: str) -> SignedIn:
    """For callbacks: who clicks, if they may act on this screen. Raises NotAllowed, so put it inside
    `with show_error():`. A part that several screens draw names the screen whose people it is for."""
    who = signed_in()
    if who is None:
        raise NotAllowed(_("You are signed out. Sign in again; nothing was saved by this click."))
    if not who.has(*screen(name).acting_roles):
        raise NotAllowed(_("Your account may no longer do this."))
    return who


def require_screen(name: str) -> SignedIn:
    """First line of every page: draws a refusal and stops the script unless the person may open this screen."""
    who = signed_in()
    if who is None:
        leave_for_sign_in()
    if not may_open(who, name):
        st.title(_("Not for your account"))
        st.text(
            _("This page is for these roles: {needed}. You have: {held}. An admin can change that.").format(
                needed=", ".join(screen(name).roles), held=", ".join(sorted(who.roles)) or _("none")
            )
        )
        st.stop()
    return who


def may_open(who: SignedIn, name: str) -> bool:
    return who.has(*screen(name).roles)


def screen_fragment(name: str, *, run_every: str | None = None) -> Callable[[Drawing], Drawing]:
    """The only way to make a fragment: it looks at every rerun whether the person may still open this screen.

    A fragment runs without its page's first line, and a browser may ask for it long after the right to see it ended.
    Then the whole page runs instead, which says why it shows nothing.
    """

    def make(draw: Drawing) -> Drawing:
        @wraps(draw)
        def checked(*args: object, **kwargs: object) -> None:
            who = signed_in()
            if who is None or not may_open(who, name):
                st.rerun()
            draw(*args, **kwargs)

        return st.fragment(checked, run_every=run_every)

    return make


def download(name: str, read: Callable[[], bytes]) -> Callable[[], bytes]:
    """For `st.download_button`: the file is read at the click, which runs no page, so who clicks is asked here.

    The function raises NotAllowed where the person may no longer open the screen."""
    token = session_token()  # outside a script run there is no cookie to look up

    def checked() -> bytes:
        who = user_of_token(token)
        if who is None or not may_open(who, name):
            raise NotAllowed(_("Your account may no longer do this."))
        return read()

    return checked


def leave_for_sign_in() -> NoReturn:
    """The session ended while the page was open: shows nothing and takes the browser to the sign-in."""
    st.text(_("You are signed out."))
    _to_sign_in(key="to_sign_in")
    st.stop()
