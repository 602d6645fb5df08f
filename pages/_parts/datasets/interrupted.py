"""Imports that did not end: what they stored is out of sight until somebody goes on with them or takes it away."""

import streamlit as st

from db.datasets.imports import Unfinished, list_unfinished
from db.jobs import jobs
from pages._parts.notices import show_error
from pages._parts.text import _
from pages._parts.who import acting
from proutt_core.actions.importing import forget_import
from proutt_core.display.visible import visible


def draw_interrupted() -> set[int]:
    """Each with its two buttons; the jobs that are shown here. One that a worker is at, or will take, is not."""
    found = [left for left in list_unfinished() if left.job_state not in jobs.ACTIVE]
    for left in found:
        with st.container(border=True):
            st.text(visible(left.name))
            st.caption(_("This import did not end. What it stored is out of sight."))
            st.text(_("{n} rows of {file} are done.").format(n=f"{left.so_far.rows:,}", file=visible(left.source)))
            if left.reason:
                st.text(visible(left.reason))
            with st.container(horizontal=True):
                _buttons(left)
    return {left.job_id for left in found if left.job_id is not None}


def _buttons(left: Unfinished) -> None:
    if left.job_id is not None:
        st.button(
            _("Continue"),
            icon=":material/play_arrow:",
            type="primary",
            key=f"continue-{left.dataset_id}",
            on_click=_continue,
            args=(left.job_id,),
        )
    st.button(
        _("Remove"),
        icon=":material/delete:",
        key=f"remove-{left.dataset_id}",
        help=_("Takes away what was stored, and the file if it was uploaded. The name is free again."),
        on_click=_remove,
        args=(left.name,),
    )


def _continue(job_id: int) -> None:
    with show_error():
        who = acting("datasets")
        jobs.resume(job_id, user_id=who.id)


def _remove(name: str) -> None:
    with show_error():
        acting("datasets")
        with st.spinner(_("Removing …")):
            forget_import(name)
