"""A dialogue, and any text of somebody else's, as plain text."""

from collections.abc import Collection, Sequence

import streamlit as st

from pages._parts.text import _
from proutt_core.display.visible import blocks, fold, visible
from proutt_core.types import Message

PANE_HEIGHT = 560


def dialogue_pane(
    messages: Sequence[Message], *, height: int = PANE_HEIGHT, end_in_view: bool = True, cuts: Collection[int] = ()
) -> None:
    """The dialogue in a frame of its own, its end in view. Nothing in it is interpreted.

    `cuts` are the positions of messages that are to be predicted: a line before each says so.
    """
    with st.container(height=height, border=True, autoscroll=end_in_view):
        for position, message in enumerate(messages):
            if position in cuts:
                st.caption(_(":material/content_cut: Cut here: what follows is to be predicted"))
            if message.role == "user":
                with st.container(border=True, gap="xxsmall"):
                    st.caption(_("User"))
                    plain_text(message.content)
            else:
                with st.container(gap="xxsmall"):
                    st.caption(_("Assistant") if message.role == "assistant" else _("System"))
                    _foldable(message.content)


def plain_text(text: str) -> None:
    """Somebody else's text, letter by letter: fenced code in a fixed-width block, hidden characters shown."""
    for block in blocks(text):
        if block.kind == "code":
            st.code(visible(block.body), language=None, wrap_lines=True)
        else:
            st.text(visible(block.body))


def _foldable(text: str) -> None:
    folded = fold(text)
    if folded is None:
        plain_text(text)
        return
    st.text(visible(folded.head) + " …")
    with st.expander(_("Show all {n} characters").format(n=f"{len(text):,}")):
        plain_text(text)
    st.text("… " + visible(folded.tail))
