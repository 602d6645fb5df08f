"""How many items have which top similarity, coloured by branch, with a run's own thresholds and the new ones."""

from collections.abc import Sequence

import streamlit as st

from pages._parts.charts import Chart, vertical_line, words_above
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


def threshold_chart(similarities: Sequence[Similarity], own: Thresholds, new: Thresholds) -> Chart:
    theme = "dark" if st.context.theme.type == "dark" else "light"
    bars, names = histogram(similarities, new), filter_names()
    lines = (("tau_low", new.tau_low, own.tau_low), ("tau_high", new.tau_high, own.tau_high))
    left = [own_tau for _name, tau, own_tau in lines if own_tau != tau]
    return {
        "data": [
            {
                "type": "bar",
                "x": [(bar.low + bar.high) / 2 for bar in bars],
                "y": [bar.counts[branch] for bar in bars],
                "width": [0.94 * (bar.high - bar.low) for bar in bars],
                "name": names[branch],
                "marker": {"color": COLOURS[theme][branch]},
                "customdata": [f"{bar.low:.2f}–{bar.high:.2f}" for bar in bars],
                "hovertemplate": "%{customdata}: %{y}",
            }
            for branch in reversed(BRANCHES)
        ],
        "layout": {
            "shapes": [
                *(vertical_line(tau, width=2, color=LINES[theme]) for _name, tau, _own in lines),
                *(vertical_line(own_tau, width=1, dash="dot", color=LINES[theme]) for own_tau in left),
            ],
            "annotations": [words_above(tau, name) for name, tau, _own in lines],
            "barmode": "stack",
            "height": CHART_PX,
            "margin": {"l": SLIDER_ENDS, "r": SLIDER_ENDS, "t": 26, "b": 0},
            "legend": {"orientation": "h", "y": -0.22, "traceorder": "normal"},
            "xaxis": {"range": [0, 1], "dtick": 0.1, "ticklabeloverflow": "allow"},
            # Inside, so that the axis is as long as the slider above it and each thumb stands over its line.
            "yaxis": {"ticklabelposition": "inside top", "ticklabeloverflow": "allow"},
        },
    }
