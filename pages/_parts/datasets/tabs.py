"""The tabs of the page Datasets, and the way from one to another."""

from typing import Any

import streamlit as st

from pages._parts.text import _

TAB = "datasets_tab"
SHOWN = "dataset_shown"


def tab_names() -> list[str]:
    return [_("Datasets"), _("Dialogues"), _("Import a file")]


def read_button(dataset_id: int, **look: Any) -> None:
    """Leads to the dialogues of this dataset."""
    st.button(
        _("Read its dialogues"), icon=":material/forum:", on_click=_go_to, args=(tab_names()[1], dataset_id), **look
    )


def no_dialogues_yet() -> None:
    st.header(_("No dialogues yet"), anchor=False)
    st.text(_("Import a file of conversations: chat logs, CrossWOZ, SGD, ShareGPT or OpenAI messages."))
    st.button(
        _("Import a file"),
        icon=":material/upload:",
        type="primary",
        on_click=_go_to,
        args=(tab_names()[2],),
        key="first",
    )


def _go_to(tab: str, dataset_id: int | None = None) -> None:
    """Callback: another tab, and the dataset to show there."""
    st.session_state[TAB] = tab
    if dataset_id is not None:
        st.session_state[SHOWN] = dataset_id
