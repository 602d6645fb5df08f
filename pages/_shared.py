"""What several pages need: who is there, refusals and errors, and the dialogue as plain text."""

import logging
import secrets
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn, get_args

import streamlit as st

from db.accounts.sessions import SignedIn, user_of_token
from db.jobs.workers import living
from pages._text import _
from proutt_core.display.visible import blocks, fold, visible
from proutt_core.errors import NotAllowed, ProuttError
from proutt_core.types import AccountRole, Message

COOKIE = "proutt_session"
PANE_HEIGHT = 560
EVERYBODY: tuple[AccountRole, ...] = get_args(AccountRole)
_OWNER = "_signed_in_user"

log = logging.getLogger("proutt.pages")

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
    """Who is there now, from the database: asked on every rerun and in every callback, never remembered.

    Streamlit may hand a browser session on to another person; what the first one left in it is thrown away.
    """
    who = user_of_token(session_token())
    owner = st.session_state.get(_OWNER)
    if owner is not None and (who is None or who.id != owner):
        st.session_state.clear()
    if who is not None:
        st.session_state[_OWNER] = who.id
    return who


def acting(*roles: AccountRole) -> SignedIn:
    """For callbacks: who clicks, if they may. Raises NotAllowed, so put it inside `with show_error():`."""
    who = signed_in()
    if who is None:
        raise NotAllowed(_("You are signed out. Sign in again; nothing was saved by this click."))
    if not who.has(*roles):
        raise NotAllowed(_("Your account may no longer do this."))
    return who


def require_role(*roles: AccountRole) -> SignedIn:
    """First line of every page: draws a refusal and stops the script unless the person has one of the roles."""
    who = signed_in()
    if who is None:
        leave_for_sign_in()
    if not who.has(*roles):
        st.title(_("Not for your account"))
        st.text(
            _("This page is for these roles: {needed}. You have: {held}. An admin can change that.").format(
                needed=", ".join(roles), held=", ".join(sorted(who.roles)) or _("none")
            )
        )
        st.stop()
    return who


def leave_for_sign_in() -> NoReturn:
    """The session ended while the page was open: shows nothing and takes the browser to the sign-in."""
    st.text(_("You are signed out."))
    _to_sign_in(key="to_sign_in")
    st.stop()


@contextmanager
def show_error() -> Iterator[None]:
    """Says what went wrong in the page. The message of a ProuttError is for the user; of others only a number is."""
    try:
        yield
    except ProuttError as exc:
        error_box(_("This did not work"), str(exc))
    except Exception as exc:  # noqa: BLE001 - a page must not die half drawn; the log has the whole story
        unexpected_error(exc)


def unexpected_error(exc: Exception) -> bool:
    """Logs it under a number and shows the number. Also the server's last resort for what no page caught."""
    number = secrets.token_hex(4)
    log.error("error %s", number, exc_info=exc)
    error_box(
        _("Something went wrong on the server"),
        _("It was logged under the number {number}. Nothing else of your work is lost.").format(number=number),
    )
    return True


def error_box(title: str, message: str) -> None:
    """`message` may hold anything, a file's name for one: it is shown as text, never as markup."""
    with st.container(border=True):
        st.markdown(f":red[:material/error:] **{title}**")
        st.text(visible(message))


def worker_notice() -> None:
    """Long work needs a worker: says so where none lives, and how to start one."""
    if living():
        return
    st.warning(
        _(
            "No worker is running, so long work waits. Start one with `make run` or, in the project's folder,"
            " `.venv/bin/python -m proutt_core worker`."
        ),
        icon=":material/engineering:",
    )


def dialogue_pane(
    messages: Sequence[Message], *, height: int = PANE_HEIGHT, end_in_view: bool = True, cuts: Collection[int] = ()
) -> None:
    """The dialogue in a frame of its own, its end in view. Nothing in it is interpreted.

    `cuts` are the positions of messages that are to be predicted: a line before each says so.
    """
    with st.container(height=height, border=True, autoscroll=end_in_view):
        for position, message in enumerate(messages):
            if position in cuts:
                st.caption(_(":material/content_cut: Cut here: what follows is to be predicted"))
            if message.role == "user":
                with st.container(border=True, gap="xxsmall"):
                    st.caption(_("User"))
                    plain_text(message.content)
            else:
                with st.container(gap="xxsmall"):
                    st.caption(_("Assistant") if message.role == "assistant" else _("System"))
                    _foldable(message.content)


def plain_text(text: str) -> None:
    """Somebody else's text, letter by letter: fenced code in a fixed-width block, hidden characters shown."""
    for block in blocks(text):
        if block.kind == "code":
            st.code(visible(block.body), language=None, wrap_lines=True)
        else:
            st.text(visible(block.body))


def _foldable(text: str) -> None:
    folded = fold(text)
    if folded is None:
        plain_text(text)
        return
    st.text(visible(folded.head) + " …")
    with st.expander(_("Show all {n} characters").format(n=f"{len(text):,}")):
        plain_text(text)
    st.text("… " + visible(folded.tail))
