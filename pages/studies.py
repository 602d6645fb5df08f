"""Studies: a blinded check of two methods by people. Create, open, follow, close, unblind, read; start LLM judges."""

import streamlit as st

from db.studies.studies import get_study, list_studies
from pages._parts.notices import show_error, worker_notice
from pages._parts.studies.form import CHANGED, CHOSEN, NEW, draw_form
from pages._parts.studies.study import draw_study
from pages._parts.text import _
from pages._parts.who import require_screen
from proutt_core.types import StudyInfo


def choose(studies: list[StudyInfo]) -> str | None:
    """The heading with the choice of a study. None: a new one is being made."""
    heading, choice, new = st.columns([5, 3, 2], vertical_alignment="center")
    heading.title(_("Studies"), anchor=False)
    if not studies:
        return None
    names = [study.name for study in studies]
    if st.session_state.get(CHOSEN) not in names:
        st.session_state[CHOSEN] = names[0]
    making = st.session_state.get(NEW, False)
    choice.selectbox(_("Study"), names, key=CHOSEN, label_visibility="collapsed", disabled=making)
    new.button(
        _("Back to the studies") if making else _("New study"), key="new_study", on_click=toggle_new, width="stretch"
    )
    return None if making else st.session_state[CHOSEN]


def toggle_new() -> None:
    st.session_state[NEW], st.session_state[CHANGED] = not st.session_state.get(NEW, False), None


require_screen("studies")
name = choose(list_studies())
with show_error():
    if name is None:
        worker_notice()
        draw_form()
    else:
        draw_study(get_study(name))
