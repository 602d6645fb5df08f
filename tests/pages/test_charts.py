"""What charts are made of: plain values that mean to plotly what its own objects would."""

import plotly.graph_objects as go

from pages._parts.charts import vertical_line, words_above


def test_a_line_and_its_words_are_those_that_plotly_itself_would_draw() -> None:
    theirs = go.Figure(go.Bar(x=[1], y=[1]))
    theirs.add_vline(x=0.3, line_width=2, line_color="#123456", annotation_text="tau", annotation_position="top")
    ours = {"shapes": [vertical_line(0.3, width=2, color="#123456")], "annotations": [words_above(0.3, "tau")]}
    assert go.Figure({"data": [{"type": "bar", "x": [1], "y": [1]}], "layout": ours}) == theirs
