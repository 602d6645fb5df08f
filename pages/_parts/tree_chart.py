"""The intent tree as a drawing: labels above inner nodes and right of leaves, paths laid over it on demand."""

from collections.abc import Sequence
from textwrap import wrap
from typing import Any

import streamlit as st

from pages._parts.text import _
from proutt_core.display.direction import begins_from_right
from proutt_core.display.tree_nodes import Mark, Node
from proutt_core.display.visible import visible

ROW, LEAST_HEIGHT = 30, 465
TWO_LINES = 48  # pixels a leaf needs to hold a value on two lines

# A canvas writes each line from left to right, but for what stands between these.
FROM_RIGHT = "\u2067{}\u2069"
LINE = 24  # letters of a leaf's line

# Each with at least 4.5 : 1 on the theme's background.
LIGHT: dict[str, str] = {
    "text": "#22261f",
    "tree": "#6d7268",
    "true": "#2f6f5e",
    "mining": "#9a5b00",
    "exploration": "#2456a6",
    "wrong": "#b3261e",
    "paper": "#fbfaf7",
}
DARK: dict[str, str] = {
    "text": "#e8ebe6",
    "tree": "#9aa39d",
    "true": "#6fc3a8",
    "mining": "#e0a95a",
    "exploration": "#8fb4f0",
    "wrong": "#f28b82",
    "paper": "#161a18",
}


def colours() -> dict[str, str]:
    return DARK if st.context.theme.type == "dark" else LIGHT


def draw_tree(nodes: Sequence[Node], *, key: str) -> None:
    leaves = sum(node.leaves for node in nodes)
    height = max(LEAST_HEIGHT, ROW * leaves + 40)
    st.echarts_chart(
        _spec(nodes, colours(), overflow="break" if height / leaves >= TWO_LINES else "truncate"),
        height=height,
        theme=None,
        key=key,
        alt=_("The intent tree as a drawing"),
    )


def _spec(nodes: Sequence[Node], shade: dict[str, str], *, overflow: str) -> dict[str, Any]:
    return {
        "backgroundColor": "transparent",
        "textStyle": {"fontFamily": '"Source Sans", sans-serif'},
        "animation": False,
        # Plain text on a canvas: an HTML tooltip would interpret what the model wrote.
        "tooltip": {
            "renderMode": "richText",
            "confine": True,
            "backgroundColor": shade["paper"],
            "borderColor": shade["tree"],
            "textStyle": {"color": shade["text"], "width": 320, "overflow": "break"},
        },
        "series": [
            {
                "type": "tree",
                "data": [{"name": _("user"), "children": [_datum(node, shade, overflow) for node in nodes]}],
                "left": 40,
                "right": 200,
                "top": 24,
                "bottom": 16,
                "symbol": "circle",
                "symbolSize": 9,
                "roam": True,
                "initialTreeDepth": -1,
                "itemStyle": {"color": shade["paper"], "borderColor": shade["tree"], "borderWidth": 2},
                "lineStyle": {"color": shade["tree"], "width": 1.5},
                "label": _label("top", "center", shade["text"], 130, "truncate"),
                "leaves": {"label": _label("right", "left", shade["text"], 185, overflow)},
            }
        ],
    }


def _label(position: str, align: str, colour: str, width: int, overflow: str) -> dict[str, Any]:
    return {
        "position": position,
        "align": align,
        "verticalAlign": "middle",
        "distance": 8 if position == "right" else 12,
        "fontSize": 14,
        "lineHeight": 17,
        "color": colour,
        "width": width,
        "overflow": overflow,
    }


def _datum(node: Node, shade: dict[str, str], overflow: str) -> dict[str, Any]:
    name = visible(node.name)
    label: dict[str, Any] = {}
    if begins_from_right(name):
        lines = [name]
        if overflow == "break" and not node.children:
            # Broken by the chart, the second line would run the other way.
            lines, label["overflow"] = wrap(name, LINE), "none"
        name = "\n".join(FROM_RIGHT.format(line) for line in lines)
    datum: dict[str, Any] = {"name": name, "children": [_datum(child, shade, overflow) for child in node.children]}
    if node.mark != "tree":
        colour = label["color"] = shade[node.mark]
        datum["itemStyle"] = {"color": colour, "borderColor": colour}
        datum["lineStyle"] = {"color": colour, "width": 2.5, "type": "solid" if node.mark == "true" else "dashed"}
    return datum | ({"label": label} if label else {})


def overlay_names() -> dict[Mark, str]:
    return {
        "true": _("True path"),
        "mining": _("Mining predictions"),
        "exploration": _("Exploration predictions"),
        "wrong": _("Wrong paths"),
    }
