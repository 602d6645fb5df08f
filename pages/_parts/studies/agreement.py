"""A report on agreement: people with each other on the left, LLM judges with people on the right."""

import pandas as pd
import streamlit as st

from pages._parts.dialogue import plain_text
from pages._parts.tables import table
from pages._parts.text import _
from proutt_core.display.visible import visible
from proutt_core.statistics.agreement import AgreementReport
from proutt_core.statistics.coefficients import FLEISS_VARIANT
from proutt_core.statistics.labels import CODING
from proutt_core.statistics.majority import CONFUSION_ORDER, JudgeAgreement
from proutt_core.statistics.quantities import Quantity, ceiling_quantities, human_quantities, judge_quantities


def draw_agreement(report: AgreementReport) -> None:
    st.caption(_("Verdicts are coded {coding}.").format(coding=CODING))
    st.text(
        _("Items: {items}, with two or more people: {shared}. People: {people}. LLM judges: {judges}.").format(
            items=f"{report.n_items:,}",
            shared=f"{report.human.n_overlapping:,}",
            people=f"{report.n_raters:,}",
            judges=f"{len(report.judges):,}",
        )
    )
    people, judges = st.columns(2, gap="large")
    with people:
        st.header(_("People with people"), anchor=False)
        _table(human_quantities(report))
        ceiling = list(ceiling_quantities(report))
        if ceiling:
            st.caption(_("The ceiling: how far each person agrees with the strict majority of the others"))
            _table(ceiling)
        st.caption(_("Fleiss' kappa: {variant}").format(variant=FLEISS_VARIANT))
    with judges:
        st.header(_("Judges with people"), anchor=False)
        if not report.judges:
            st.text(_("No judge. Start one on the page Studies."))
        for name, judge in report.judges.items():
            _draw_judge(name, judge)


def _draw_judge(name: str, judge: JudgeAgreement) -> None:
    plain_text(name)
    st.caption(
        _(
            "Against the strict majority of people, on {n} items. Left out: {nobody} not judged by people, {split}"
            " without a strict majority, {unscored} unscored or not read by the judge."
        ).format(n=judge.n, nobody=judge.without_humans, split=judge.without_majority, unscored=judge.without_judge)
    )
    _table(judge_quantities(judge))
    _confusion(judge)


def _names() -> dict[str, str]:
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


def _whys() -> dict[str, str]:
    return {
        "": "",
        "nothing_overlaps": _("nothing overlaps"),
        "nothing_varies": _("nothing varies"),
    }


def _table(quantities: list[Quantity]) -> None:
    rows = [
        {
            _("Agreement"): visible(_names()[quantity.name].format(*quantity.of)),
            _("Value"): _("undefined") if quantity.value is None else quantity.shown,
            _("Items"): quantity.n,
            _("Why undefined"): _whys()[quantity.why],
        }
        for quantity in quantities
    ]
    frame = pd.DataFrame(rows)
    undefined = any(quantity.why for quantity in quantities)
    if not undefined:
        frame = frame.drop(columns=_("Why undefined"))
    right = st.column_config.Column(alignment="right")
    table(frame, hide_index=True, height="content", column_config={_("Value"): right})
    if undefined:
        st.caption(
            _(
                "Undefined is neither 0 nor 1. Nothing varies: all the verdicts compared are equal, so that chance"
                " cannot be told from agreement. Nothing overlaps: no item has the verdicts to compare."
            )
        )


def _verdict_names() -> dict[str, str]:
    return {"a": _("a"), "tie": _("tie"), "b": _("b")}


def _confusion(judge: JudgeAgreement) -> None:
    st.caption(_("Cases by the people's majority (rows) and the judge's verdict (columns)"))
    names = _verdict_names()
    columns = [_("judge: {verdict}").format(verdict=names[verdict]) for verdict in CONFUSION_ORDER]
    rows = [_("people: {verdict}").format(verdict=names[verdict]) for verdict in CONFUSION_ORDER]
    majority = pd.Index(rows, name=_("Majority"))
    table(pd.DataFrame(judge.confusion, index=majority, columns=columns), height="content")
