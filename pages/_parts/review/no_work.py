"""What stands where there is nothing to answer: why, and where to go instead."""

import streamlit as st

from db.accounts.sessions import SignedIn
from db.review.queues import waiting_for
from pages._parts.text import _, ngettext
from pages._parts.who import may_open
from proutt_core.types.screens import WorkKind


def draw_all_done(kind: WorkKind, queue: str, who: SignedIn) -> None:
    st.header(_("All done here"), anchor=False)
    others = [waiting for waiting in waiting_for(who.id) if waiting.available and waiting.queue_public_id != queue]
    same_kind = sum(waiting.available for waiting in others if waiting.kind == kind)
    if same_kind:
        st.text(
            ngettext(
                "{n} more is waiting in another queue: choose it at the top.",
                "{n} more are waiting in other queues: choose one at the top.",
                same_kind,
            ).format(n=f"{same_kind:,}")
        )
    elif others:
        st.text(_("Nothing is left for you in this queue. Other work is waiting on the home page."))
    else:
        st.text(_("Nothing is left for you here or elsewhere. Thank you."))
    _link_home()


def draw_no_queue(kind: WorkKind, who: SignedIn) -> None:
    st.header(_("Nothing to do here yet"), anchor=False)
    if kind == "compare":
        st.text(_("Comparisons appear here when a study that you take part in is opened."))
        st.text(_("An account that is, or was since the study was made, researcher or admin is never given any."))
        _link_home()
        return
    st.text(_("Work appears here when a synthesis run has finished."))
    if may_open(who, "synthesis"):
        st.page_link("synthesis.py", label=_("Start a run"), icon=":material/conversion_path:")
    else:
        _link_home()


def _link_home() -> None:
    st.page_link("home.py", label=_("Home"), icon=":material/home:")
