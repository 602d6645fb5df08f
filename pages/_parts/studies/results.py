"""A closed study's win-tie-loss: a bar for people and each judge, the same as a table, and what belongs beside it."""

import html

import pandas as pd
import streamlit as st

from pages._parts.charts import Chart
from pages._parts.dialogue import plain_text
from pages._parts.tables import table
from pages._parts.text import _
from proutt_core.display.visible import visible
from proutt_core.statistics.labels import CODING
from proutt_core.statistics.quantities import p_value
from proutt_core.statistics.win_tie_loss import WinTieLoss
from proutt_core.studies.report import StudyReport

# (a, tie, b), the text on them and the text beside them; each at AA contrast on the page and under its text.
COLOURS = {
    "light": (("#2f6f5e", "#6b7069", "#8c5a1f"), "#ffffff", "#22261f"),
    "dark": (("#6fc3a8", "#a3aaa4", "#e0b070"), "#10201b", "#e8ebe6"),
}
ROW_PX, FRAME_PX = 46, 84


def draw_results(report: StudyReport) -> None:
    rows = {_("People"): report.humans} | {name: judge.outcome for name, judge in report.judges.items()}
    st.plotly_chart(_bars(report, rows), key="win_tie_loss", config={"displayModeBar": False}, alt=_("Win, tie, loss"))
    frame = _table(report, rows)
    numbers = {column: st.column_config.Column(alignment="right") for column in frame.columns[1:]}
    table(frame, hide_index=True, column_config=numbers)
    st.caption(
        _(
            "One verdict a case: the strict majority of its people, or a tie where there is none; votes are never"
            " pooled. The primary test is the exact two-sided sign test over decisive cases, on people; judges are"
            " exploratory."
        )
    )
    st.caption(_("Verdicts are coded {coding}.").format(coding=CODING))
    for departure in report.departures:
        plain_text(_("Departure from the protocol: {what}").format(what=departure))
    for note in report.notes:
        plain_text(note)


def _names(report: StudyReport) -> tuple[str, str, str]:
    a, b = (visible(name) for name in (report.a, report.b))
    if not report.unblinded:
        a, b = _("method a"), _("method b")
    return a, _("tie"), b


def _bars(report: StudyReport, rows: dict[str, WinTieLoss]) -> Chart:
    theme = "dark" if st.context.theme.type == "dark" else "light"
    colours, text, beside = COLOURS[theme]
    # Plotly reads a few HTML tags in labels and names.
    labels = [html.escape(visible(name)) for name in rows]
    counts = ([o.wins for o in rows.values()], [o.ties for o in rows.values()], [o.losses for o in rows.values()])
    bars = [
        {
            "type": "bar",
            "y": labels,
            "x": values,
            "name": html.escape(name),
            "orientation": "h",
            "marker": {"color": colour},
            "text": [str(value) if value else "" for value in values],
            "textposition": "inside",
            "insidetextanchor": "middle",
            "textangle": 0,
            "textfont": {"color": text, "size": 14},
            "hoverinfo": "name+x",
        }
        for name, values, colour in zip(_names(report), counts, colours, strict=True)
    ]
    layout = {
        "barmode": "stack",
        "height": FRAME_PX + ROW_PX * len(rows),
        "margin": {"l": 0, "r": 14, "t": 34, "b": 0},
        "legend": {
            "orientation": "h",
            "y": 1.02,
            "yanchor": "bottom",
            "x": 0,
            "traceorder": "normal",
            "font": {"color": beside, "size": 14},
        },
        "xaxis": {
            "title": {"text": _("cases"), "font": {"color": beside}},
            "tickfont": {"color": beside},
            "range": [0, report.cases],
            "tickformat": "d",
        },
        "yaxis": {"autorange": "reversed", "automargin": True, "tickfont": {"color": beside, "size": 14}},
    }
    return {"data": bars, "layout": layout}


def _table(report: StudyReport, rows: dict[str, WinTieLoss]) -> pd.DataFrame:
    a, tie, b = _names(report)
    unscored = {name: judge.unscored for name, judge in report.judges.items()}
    return pd.DataFrame(
        [
            {
                _("Judged by"): visible(name),
                _("{method} better").format(method=a): outcome.wins,
                tie.capitalize(): outcome.ties,
                _("{method} better").format(method=b): outcome.losses,
                _("Without verdict"): outcome.unjudged,
                _("of these unscored"): unscored.get(name, 0),
                _("Net win rate of a"): _("undefined")
                if outcome.net_win_rate is None
                else f"{outcome.net_win_rate:+.1%}",
                _("Sign test p"): _("undefined") if outcome.sign_test_p is None else p_value(outcome.sign_test_p),
            }
            for name, outcome in rows.items()
        ]
    )
