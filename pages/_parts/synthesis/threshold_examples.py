"""The pairs nearest to a threshold, on both of its sides: is the line where a person would draw it?"""

from collections.abc import Sequence

import streamlit as st

from db.synthesis.items import OpenedItem, open_item
from pages._parts.dialogue import plain_text
from pages._parts.synthesis.items import filter_names
from pages._parts.text import _
from proutt_core.runs.thresholds import Similarity, beside
from proutt_core.types import Thresholds

EXAMPLES = 3


def threshold_examples(similarities: Sequence[Similarity], new: Thresholds) -> None:
    """The nearest pairs below and above the chosen line, nearest first."""
    lines = {"tau_high": new.tau_high, "tau_low": new.tau_low}
    line = st.segmented_control(
        _("Examples at"),
        list(lines),
        format_func=lambda name: f"{name} = {lines[name]:.2f}",
        default="tau_high",
        required=True,
        key="tau-line",
    )
    below, above = beside(similarities, lines[line], n=EXAMPLES)
    names = filter_names()
    low_side, high_side = ("mid", "high") if line == "tau_high" else ("low", "mid")
    left, right = st.columns(2, gap="large")
    for place, side, nearest in ((left, low_side, below), (right, high_side, above)):
        with place:
            heading = _("Just below: {branch}") if place is left else _("On or above: {branch}")
            st.markdown(f"**{heading.format(branch=names[side].lower())}**")
            if not nearest:
                st.caption(_("none"))
            for similarity in nearest:
                _example(open_item(similarity.item_id), similarity.top)


def _example(item: OpenedItem, top: float) -> None:
    scores = {score.id: score for score in item.results.similarity or ()}
    predictions = item.results.insight.predictions if item.results.insight else ()
    nearest = next((prediction for prediction in predictions if scores[prediction.id].score == top), None)
    with st.container(border=True, gap="xxsmall"):
        st.caption(_("The user really said"))
        plain_text(item.sample.sample.next_utterance)
        if nearest is not None:
            st.caption(_("Nearest prediction, similarity {score}").format(score=f"{top:.2f}"))
            plain_text(nearest.text)
            st.caption(_("because"))
            plain_text(scores[nearest.id].reason)
