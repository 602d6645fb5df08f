"""How many items have which top similarity, coloured by branch, with a run's own thresholds and the new ones."""

from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from pages._parts.synthesis.items import filter_names
from proutt_core.runs.thresholds import Similarity, histogram
from proutt_core.types import BRANCHES, Branch, Thresholds

# Each at AA contrast on its theme's page; the branches differ in lightness too, so that they are not told by hue alone.
COLOURS: dict[str, dict[Branch, str]] = {
    "light": {"high": "#1f5646", "mid": "#5f9e8a", "low": "#8c5a1f"},
    "dark": {"high": "#a7e0cd", "mid": "#5a9c87", "low": "#e0b070"},
}
LINES = {"light": "#22261f", "dark": "#e8ebe6"}
CHART_PX = 260
SLIDER_ENDS = 6  # pixels between the slider's column and its ends


def threshold_chart(similarities: Sequence[Similarity], own: Thresholds, new: Thresholds) -> go.Figure:
    theme = "dark" if st.context.theme.type == "dark" else "light"
    bars, names = histogram(similarities, new), filter_names()
    figure = go.Figure(
        [
            go.Bar(
                x=[(bar.low + bar.high) / 2 for bar in bars],
                y=[bar.counts[branch] for bar in bars],
                width=[0.94 * (bar.high - bar.low) for bar in bars],
                name=names[branch],
                marker_color=COLOURS[theme][branch],
                customdata=[f"{bar.low:.2f}–{bar.high:.2f}" for bar in bars],
                hovertemplate="%{customdata}: %{y}",
            )
            for branch in reversed(BRANCHES)
        ]
    )
    for name, tau, own_tau in (
        ("tau_low", new.tau_low, own.tau_low),
        ("tau_high", new.tau_high, own.tau_high),
    ):
        figure.add_vline(x=tau, line_width=2, line_color=LINES[theme], annotation_text=name, annotation_position="top")
        if own_tau != tau:
            figure.add_vline(x=own_tau, line_width=1, line_dash="dot", line_color=LINES[theme])
    figure.update_layout(
        barmode="stack",
        height=CHART_PX,
        margin={"l": SLIDER_ENDS, "r": SLIDER_ENDS, "t": 26, "b": 0},
        legend={"orientation": "h", "y": -0.22, "traceorder": "normal"},
        xaxis={"range": [0, 1], "title": None, "dtick": 0.1, "ticklabeloverflow": "allow"},
        # Inside, so that the axis is as long as the slider above it and each thumb stands over its line.
        yaxis={"title": None, "ticklabelposition": "inside top", "ticklabeloverflow": "allow"},
    )
    return figure
