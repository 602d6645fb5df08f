"""Agreement of people with each other, and of LLM judges with people, on a closed study or a file of labels."""

import streamlit as st

from db.studies.studies import list_studies
from pages._parts.notices import show_error
from pages._parts.studies.agreement import draw_agreement
from pages._parts.studies.label_file import choose_label_file
from pages._parts.studies.withheld import results_can_be_read
from pages._parts.text import _
from pages._parts.who import require_screen
from proutt_core.actions.study_results import agreement_of
from proutt_core.statistics.agreement import agreement_report

STUDY, FILE = "study", "file"


def from_study() -> None:
    names = [study.name for study in list_studies() if study.state == "closed"]
    if not names:
        st.text(_("Verdicts can be read when a study is closed; none is yet."))
        st.page_link("studies.py", label=_("Studies"), icon=":material/science:")
        return
    study = st.selectbox(_("Closed study"), names, key="agreement_study", label_visibility="collapsed", width=420)
    if results_can_be_read(study):
        draw_agreement(agreement_of(study))


def from_file() -> None:
    labels = choose_label_file()
    if labels is not None:
        draw_agreement(agreement_report(labels))


require_screen("agreement")
heading, source = st.columns([6, 4], vertical_alignment="center")
heading.title(_("Agreement"), anchor=False)
sources = {STUDY: _("A closed study"), FILE: _("A file of labels")}
origin = source.segmented_control(
    _("Labels from"),
    list(sources),
    default=STUDY,
    required=True,
    format_func=sources.__getitem__,
    key="agreement_source",
    label_visibility="collapsed",
)
with show_error():
    if origin == FILE:
        from_file()
    else:
        from_study()
