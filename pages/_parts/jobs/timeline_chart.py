"""An item's calls as a figure: when each was asked, went out and was answered, stage by stage."""

from collections.abc import Mapping, Sequence
from typing import Any

from pages._parts.charts import Chart, vertical_line
from pages._parts.text import _
from pages._parts.tree_chart import colours
from proutt_core.runs.timeline import Bar, Kind, Timeline


def kind_names() -> dict[Kind, str]:
    return {"made": _("made"), "refused": _("made, reply not usable"), "log": _("from the log")}


def timeline_figure(drawn: Timeline, names: Sequence[str], height: int, *, chosen: int) -> Chart:
    shade = colours()
    at = dict(zip(drawn.rows, names, strict=True))
    marks = [_waits([bar for bar in drawn.bars if bar.waited_s > 0], at, shade)]
    for kind, name in kind_names().items():
        bars = [bar for bar in drawn.bars if bar.kind == kind]
        if bars:
            marks.append(_marks(kind, name, bars, [at[bar.stage, bar.lane] for bar in bars], shade, chosen))
    layout = {
        "shapes": [vertical_line(cut.at, dash="dot", color=shade["tree"], width=1.5) for cut in drawn.cuts],
        "barmode": "overlay",
        "height": height,
        "margin": {"l": 8, "r": 8, "t": 30, "b": 36},
        "legend": {"orientation": "h", "y": 1, "yanchor": "bottom", "x": 0, "font": {"color": shade["text"]}},
        "xaxis": {"title": _("seconds since the first question"), "range": drawn.shown, "fixedrange": True},
        "yaxis": {"categoryorder": "array", "categoryarray": list(reversed(names)), "fixedrange": True},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "dragmode": False,
    }
    return {"data": marks, "layout": layout}


def _waits(bars: Sequence[Bar], at: Mapping[tuple[str, int], str], shade: dict[str, str]) -> dict[str, Any]:
    return {
        "type": "bar",
        "base": [bar.asked for bar in bars],
        "x": [bar.waited_s for bar in bars],
        "y": [at[bar.stage, bar.lane] for bar in bars],
        "orientation": "h",
        "width": 0.2,
        "marker": {"color": shade["tree"]},
        "name": _("waited"),
        "customdata": [[bar.call] for bar in bars],
        "hovertext": [_("waited {s:.2f} s").format(s=bar.waited_s) for bar in bars],
        "hoverinfo": "text",
    }


def _marks(
    kind: Kind, name: str, bars: Sequence[Bar], rows: Sequence[str], shade: dict[str, str], chosen: int
) -> dict[str, Any]:
    """Told by form as well as by colour: a filled bar, a striped bar, a hollow diamond. The chosen has a thick edge."""
    edges = [3 if bar.call == chosen else 0 for bar in bars]
    shared = {
        "y": rows,
        "name": name,
        "customdata": [[bar.call] for bar in bars],
        "hovertext": [_("{stage}: {s:.2f} s").format(stage=bar.stage, s=bar.took_s) for bar in bars],
        "hoverinfo": "text",
        "selected": {"marker": {"opacity": 1}},
        "unselected": {"marker": {"opacity": 1}},
    }
    if kind == "log":
        marker = {
            "symbol": ["diamond" if bar.call == chosen else "diamond-open" for bar in bars],
            "size": 11,
            "color": shade["exploration"],
            "line": {"width": 2, "color": shade["exploration"]},
        }
        return {"type": "scatter", "x": [bar.asked for bar in bars], "mode": "markers", "marker": marker, **shared}
    marker = {
        "color": shade["true"] if kind == "made" else shade["wrong"],
        "line": {"width": edges, "color": shade["text"]},
        "pattern": {"shape": "" if kind == "made" else "/", "fillmode": "overlay", "fgcolor": shade["paper"]},
    }
    return {
        "type": "bar",
        "base": [bar.begins for bar in bars],
        "x": [bar.took_s for bar in bars],
        "orientation": "h",
        "width": 0.7,
        "marker": marker,
        **shared,
    }
