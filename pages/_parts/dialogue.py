"""A dialogue, and any text of somebody else's, as plain text."""

from collections.abc import Collection, Sequence

import streamlit as st

from pages._parts.pane import PANE_HEIGHT, Node, caption, foldable, pane, prose, turn
from pages._parts.text import _
from proutt_core.display.visible import blocks, visible
from proutt_core.types import Message


def dialogue_pane(
    messages: Sequence[Message],
    *,
    key: str,
    height: int = PANE_HEIGHT,
    end_in_view: bool = True,
    cuts: Collection[int] = (),
    after: Sequence[Node] = (),
) -> None:
    """The dialogue in a frame of its own, its end in view. Nothing in it is interpreted.

    `cuts` are the positions of messages that are to be predicted: a line before each says so. `after` stands below the
    last message.
    """
    nodes: list[Node] = []
    for position, message in enumerate(messages):
        if position in cuts:
            nodes.append(caption(_("✂ Cut here: what follows is to be predicted")))
        nodes.append(_turn(message))
    pane([*nodes, *after], label=_("Dialogue"), key=key, height=height, end_in_view=end_in_view)


def _turn(message: Message) -> Node:
    if message.role == "user":
        return turn("user", [caption(_("User")), *prose(message.content)])
    role = _("Assistant") if message.role == "assistant" else _("System")
    return turn(message.role, [caption(role), *foldable(message.content)])


def plain_text(text: str) -> None:
    """Somebody else's text, letter by letter: fenced code in a fixed-width block, hidden characters shown."""
    for block in blocks(text):
        if block.kind == "code":
            st.code(visible(block.body), language=None, wrap_lines=True)
        else:
            st.text(visible(block.body), width="stretch")
