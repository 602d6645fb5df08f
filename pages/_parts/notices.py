"""What a page says when something did not work, and where no worker runs."""

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from db.health import trouble_of
from db.jobs.workers import living
from pages._parts.no_database import said_of
from pages._parts.text import _
from proutt_core.display.visible import visible
from proutt_core.errors import ProuttError

log = logging.getLogger("proutt.pages")


@contextmanager
def show_error() -> Iterator[None]:
    """Says in the page what went wrong: a ProuttError in its own words, others by the number in the log."""
    try:
        yield
    except ProuttError as exc:
        error_box(_("This did not work"), str(exc))
    except Exception as exc:  # noqa: BLE001 - a page must not die half drawn; the log has the whole story
        unexpected_error(exc)


def unexpected_error(exc: Exception) -> bool:
    """Logs it under a number and shows the number, or what is wrong with the database. Also the server's last resort
    for what no page caught."""
    number = secrets.token_hex(4)
    trouble = trouble_of(exc)
    if trouble is not None:
        log.error("error %s: the database cannot be used (%s): %s", number, trouble, exc)
        logged = _("The log has it under the number {number}.").format(number=number)
        error_box(_("The database cannot be used"), "\n\n".join([*said_of(trouble), logged]))
        return True
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
