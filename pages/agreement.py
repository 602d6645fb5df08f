"""Agreement of people with each other, and of LLM judges with people, on a closed study or a file of labels."""

from pathlib import Path
from tempfile import TemporaryDirectory

import streamlit as st

from db.studies.studies import list_studies
from pages._parts.notices import show_error
from pages._parts.studies.agreement import draw_agreement
from pages._parts.text import _
from pages._parts.who import require_screen
from proutt_core.actions.study_results import agreement_of
from proutt_core.errors import InputError
from proutt_core.statistics.agreement import agreement_report
from proutt_core.statistics.labels import COLUMNS, read_labels

STUDY, FILE = "study", "file"


def from_study() -> None:
    names = [study.name for study in list_studies() if study.state == "closed"]
    if not names:
        st.text(_("Verdicts can be read when a study is closed; none is yet."))
        st.page_link("studies.py", label=_("Studies"), icon=":material/science:")
        return
    study = st.selectbox(_("Closed study"), names, key="agreement_study", label_visibility="collapsed", width=420)
    draw_agreement(agreement_of(study))


def from_file() -> None:
    file = st.file_uploader(
        _("A CSV file with the columns {columns}").format(columns=", ".join(COLUMNS)),
        type="csv",
        key="agreement_file",
        help=_("kind is human or judge; verdict is a, tie or b. The file is read and not kept."),
    )
    if file is None:
        return
    with TemporaryDirectory() as folder:
        path = Path(folder) / "labels.csv"
        path.write_bytes(file.getvalue())
        try:
            labels = read_labels(path)
        except InputError as exc:
            raise InputError(str(exc).replace(str(path), file.name)) from exc
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
