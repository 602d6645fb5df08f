"""Imports that did not end: what they stored is out of sight until somebody resumes or removes them."""

import streamlit as st

from db.datasets.imports import Unfinished, list_unfinished
from db.jobs import jobs
from pages._parts.notices import show_error
from pages._parts.text import _
from pages._parts.who import acting
from proutt_core.actions.importing import forget_import
from proutt_core.display.visible import visible


def draw_interrupted() -> set[int]:
    """Draws each with its two buttons and returns their jobs. What a worker has, or will take, is not among them."""
    imports = [unfinished for unfinished in list_unfinished() if unfinished.job_state not in jobs.ACTIVE]
    for unfinished in imports:
        with st.container(border=True):
            st.text(visible(unfinished.name))
            st.caption(_("This import did not end. What it stored is out of sight."))
            st.text(
                _("{n} rows of {file} are done.").format(
                    n=f"{unfinished.so_far.rows:,}", file=visible(unfinished.source)
                )
            )
            if unfinished.reason:
                st.text(visible(unfinished.reason))
            with st.container(horizontal=True):
                _buttons(unfinished)
    return {unfinished.job_id for unfinished in imports if unfinished.job_id is not None}


def _buttons(unfinished: Unfinished) -> None:
    if unfinished.job_id is not None:
        st.button(
            _("Continue"),
            icon=":material/play_arrow:",
            type="primary",
            key=f"continue-{unfinished.name}",
            on_click=_continue,
            args=(unfinished.job_id,),
        )
    st.button(
        _("Remove"),
        icon=":material/delete:",
        key=f"remove-{unfinished.name}",
        help=_("Takes away what was stored, and the file if it was uploaded. The name is free again."),
        on_click=_remove,
        args=(unfinished.name,),
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
