"""Agreement of people with each other, and of LLM judges with people, on a closed study or a file of labels."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import streamlit as st

from db.studies.studies import list_studies
from pages._parts.dialogue import plain_text
from pages._parts.notices import show_error
from pages._parts.text import _
from pages._parts.who import require_role
from proutt_core.actions.study_results import agreement_of
from proutt_core.display.visible import visible
from proutt_core.errors import InputError
from proutt_core.statistics.agreement import AgreementReport, agreement_report
from proutt_core.statistics.coefficients import FLEISS_VARIANT
from proutt_core.statistics.labels import CODING, COLUMNS, read_labels
from proutt_core.statistics.majority import CONFUSION_ORDER, JudgeAgreement
from proutt_core.statistics.quantities import Quantity, ceiling_quantities, human_quantities, judge_quantities


def names() -> dict[str, str]:
    """`{}` stands for the raters."""
    return {
        "raw_pairs": _("Raw, pairs of people"),
        "raw_all_equal": _("Raw, all people equal"),
        "alpha_nominal": _("Krippendorff's alpha, nominal"),
        "alpha_ordinal": _("Krippendorff's alpha, ordinal"),
        "alpha_interval": _("Krippendorff's alpha, interval"),
        "fleiss_kappa": _("Fleiss' kappa"),
        "cohen_kappa": _("Cohen's kappa"),
        "cohen_kappa_of": _("Cohen's kappa, {} and {}"),
        "raw": _("Raw"),
        "raw_decisive": _("Raw, without ties"),
        "cohen_kappa_decisive": _("Cohen's kappa, without ties"),
        "raw_ceiling": _("Raw, {} and the others' majority"),
        "cohen_kappa_ceiling": _("Cohen's kappa, {} and the others' majority"),
    }


def whys() -> dict[str, str]:
    return {
        "": "",
        "nothing_overlaps": _("nothing overlaps"),
        "nothing_varies": _("nothing varies"),
    }


def table(rows: list[Quantity]) -> None:
    shown = [
        {
            _("Agreement"): visible(names()[q.name].format(*q.of)),
            _("Value"): _("undefined") if q.value is None else q.shown,
            _("Items"): q.n,
            _("Why undefined"): whys()[q.why],
        }
        for q in rows
    ]
    frame = pd.DataFrame(shown)
    undefined = any(q.why for q in rows)
    if not undefined:
        frame = frame.drop(columns=_("Why undefined"))
    right = st.column_config.Column(alignment="right")
    st.dataframe(frame, hide_index=True, height="content", column_config={_("Value"): right})
    if undefined:
        st.caption(
            _(
                "Undefined is neither 0 nor 1. Nothing varies: all the verdicts compared are equal, so that chance"
                " cannot be told from agreement. Nothing overlaps: no item has the verdicts to compare."
            )
        )


def verdict_names() -> dict[str, str]:
    return {"a": _("a"), "tie": _("tie"), "b": _("b")}


def confusion(judge: JudgeAgreement) -> None:
    st.caption(_("Cases by the people's majority (rows) and the judge's verdict (columns)"))
    columns = [_("judge: {verdict}").format(verdict=verdict_names()[v]) for v in CONFUSION_ORDER]
    rows = [_("people: {verdict}").format(verdict=verdict_names()[v]) for v in CONFUSION_ORDER]
    st.dataframe(pd.DataFrame(judge.confusion, index=rows, columns=columns), height="content")


def draw(report: AgreementReport) -> None:
    st.caption(_("Verdicts are coded {coding}.").format(coding=CODING))
    st.text(
        _("Items: {items}, with two or more people: {shared}. People: {people}. LLM judges: {judges}.").format(
            items=f"{report.n_items:,}",
            shared=f"{report.human.n_overlapping:,}",
            people=f"{report.n_raters:,}",
            judges=f"{len(report.judges):,}",
        )
    )
    people, against = st.columns(2, gap="large")
    with people:
        st.subheader(_("People with people"), anchor=False)
        table(human_quantities(report))
        ceiling = list(ceiling_quantities(report))
        if ceiling:
            st.caption(_("The ceiling: how far each person agrees with the strict majority of the others"))
            table(ceiling)
        st.caption(_("Fleiss' kappa: {variant}").format(variant=FLEISS_VARIANT))
    with against:
        st.subheader(_("Judges with people"), anchor=False)
        if not report.judges:
            st.text(_("No judge. Start one on the page Studies."))
        for name, judge in report.judges.items():
            draw_judge(name, judge)


def draw_judge(name: str, judge: JudgeAgreement) -> None:
    plain_text(name)
    st.caption(
        _(
            "Against the strict majority of people, on {n} items. Left out: {nobody} not judged by people, {split}"
            " without a strict majority, {unscored} unscored or not read by the judge."
        ).format(n=judge.n, nobody=judge.without_humans, split=judge.without_majority, unscored=judge.without_judge)
    )
    table(judge_quantities(judge))
    confusion(judge)


def from_study() -> None:
    closed = [study.name for study in list_studies() if study.state == "closed"]
    if not closed:
        st.text(_("Verdicts can be read when a study is closed; none is yet."))
        st.page_link("studies.py", label=_("Studies"), icon=":material/science:")
        return
    chosen = st.selectbox(_("Closed study"), closed, key="agreement_study", label_visibility="collapsed", width=420)
    draw(agreement_of(chosen))


def from_file() -> None:
    uploaded = st.file_uploader(
        _("A CSV file with the columns {columns}").format(columns=", ".join(COLUMNS)),
        type="csv",
        key="agreement_file",
        help=_("kind is human or judge; verdict is a, tie or b. The file is read and not kept."),
    )
    if uploaded is None:
        return
    with TemporaryDirectory() as folder:
        path = Path(folder) / "labels.csv"
        path.write_bytes(uploaded.getvalue())
        try:
            labels = read_labels(path)
        except InputError as exc:
            raise InputError(str(exc).replace(str(path), uploaded.name)) from exc
    draw(agreement_report(labels))


require_role("researcher", "admin")
heading, source = st.columns([6, 4], vertical_alignment="center")
heading.title(_("Agreement"), anchor=False)
STUDY, FILE = "study", "file"
sources = {STUDY: _("A closed study"), FILE: _("A file of labels")}
chosen_source = source.segmented_control(
    _("Labels from"),
    list(sources),
    default=STUDY,
    required=True,
    format_func=sources.__getitem__,
    key="agreement_source",
    label_visibility="collapsed",
)
with show_error():
    if chosen_source == FILE:
        from_file()
    else:
        from_study()
