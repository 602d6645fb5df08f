"""Charts as plain values, as `st.plotly_chart` takes them: plotly's own objects cost a page many times as much."""

from typing import Any

Chart = dict[str, Any]  # plotly's "data" and "layout"


def vertical_line(x: float, **line: Any) -> dict[str, Any]:
    """A shape for the layout: over the whole height of the plot."""
    return {"type": "line", "x0": x, "x1": x, "xref": "x", "y0": 0, "y1": 1, "yref": "y domain", "line": line}


def words_above(x: float, text: str) -> dict[str, Any]:
    """An annotation for the layout: at the upper end of a vertical line."""
    at = {"x": x, "xref": "x", "xanchor": "center", "y": 1, "yref": "y domain", "yanchor": "bottom"}
    return {"text": text, "showarrow": False, **at}
