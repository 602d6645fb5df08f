"""Two sets of predictions for one dialogue, side by side, as people who judge see them; and an invented example."""

from collections.abc import Sequence

import streamlit as st

from pages._parts.dialogue import dialogue_pane
from pages._parts.pane import Node, caption, pane, prose, rule
from pages._parts.review.answering import AnswerButton, labelled
from pages._parts.text import _
from proutt_core.types import Message


def comparison_panes(
    context: Sequence[Message], left: Sequence[str], right: Sequence[str], said_next: str | None, *, key: str
) -> None:
    dialogue, first, second = st.columns([1.2, 1, 1])
    with dialogue:
        messages = [*context, *([Message(role="user", content=said_next)] if said_next else [])]
        dialogue_pane(messages, key=f"dialogue-{key}")
    for place, side, label, texts in ((first, "left", _("Left"), left), (second, "right", _("Right"), right)):
        with place:
            pane([caption(label), *_set_of(texts)], label=label, key=f"{side}-{key}")


def _set_of(texts: Sequence[str]) -> list[Node]:
    nodes: list[Node] = []
    for n, text in enumerate(texts):
        nodes += [*([rule()] if n else []), *prose(text)]
    return nodes


def preview(question: str, verdicts: Sequence[AnswerButton]) -> None:
    """What judges see, with an invented example and buttons that do nothing: for those who are never given a case."""
    heading, note = st.columns([1, 1], vertical_alignment="center")
    heading.title(question, anchor=False)
    note.info(_("Preview with an invented example: accounts that can see which method is which never judge."))
    comparison_panes(_example(), _example_left(), _example_right(), None, key="preview")
    with st.bottom:
        places = st.columns([2.1, 2.1, 2.1, 4.2])
        for place, verdict in zip(places, verdicts, strict=False):
            place.button(
                labelled(verdict.label, verdict.key), key=f"preview-{verdict.value}", disabled=True, width="stretch"
            )


def _example() -> list[Message]:
    return [
        Message(role="user", content=_("I have two hours in the old town. What is worth seeing?")),
        Message(
            role="assistant",
            content=_("The covered market and the clock tower are both within ten minutes of the station."),
        ),
    ]


def _example_left() -> list[str]:
    return [
        _("Can I go up the clock tower?"),
        _("When does the market close?"),
        _("Is there somewhere to leave my suitcase?"),
        _("What should I eat at the market?"),
    ]


def _example_right() -> list[str]:
    return [
        _("Tell me more about the old town."),
        _("How far is the clock tower?"),
        _("Is it going to rain?"),
        _("Which museums are open today?"),
    ]
