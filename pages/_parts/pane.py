"""What people read: a frame that scrolls by itself, one component however long its text; built from text nodes only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import streamlit as st

from pages._parts.text import _
from proutt_core.display.differences import Piece
from proutt_core.display.visible import blocks, fold, visible

Node: TypeAlias = dict[str, Any]  # what the component draws: a kind and its content

PANE_HEIGHT = 560

# Its styles are not isolated: an element in a shadow tree is out of reach of the page's own search and of readers that
# look for text by Streamlit's names.
_pane = st.components.v2.component(
    "proutt_pane",
    isolate_styles=False,
    css="""
.pane { color: var(--st-text-color); line-height: 1.6; overflow-wrap: anywhere }
.pane.framed { overflow-y: auto; box-sizing: border-box; padding: .9rem 1rem; border: 1px solid var(--st-border-color);
  border-radius: var(--st-base-radius) }
.pane:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: -2px }
.pane p { margin: 0 0 .9rem; font: inherit; white-space: pre-wrap; unicode-bidi: plaintext; text-align: start }
.pane p.heading { font-weight: 600 }
.pane p.label, .pane summary { margin: 0 0 .15rem; font-size: .875rem; color: light-dark(#5d6358, #a3aaa4) }
.pane p.small { font-size: .875rem; margin-top: -.6rem }
.pane hr { margin: .2rem 0 .8rem; border: 0; border-top: 1px solid var(--st-border-color) }
.pane pre { margin: 0 0 .9rem; padding: .7rem .8rem; font: .875rem/1.5 var(--st-code-font); white-space: pre-wrap;
  unicode-bidi: plaintext; border-radius: var(--st-base-radius); background: var(--st-code-background-color) }
.pane .turn { margin: 0 0 .8rem; padding: 0 .2rem }
.pane .turn.user { padding: .6rem .8rem .1rem; border: 1px solid var(--st-border-color);
  border-radius: var(--st-base-radius) }
.pane details { margin: 0 0 .8rem }
.pane summary { padding: .15rem 0; cursor: pointer }
.pane summary:focus-visible { outline: 2px solid var(--st-primary-color) }
.pane mark { color: inherit; border-radius: .2rem; padding: .05rem 0; text-decoration: underline;
  text-decoration-thickness: 2px; text-underline-offset: 3px; text-decoration-color: var(--st-primary-color);
  background: color-mix(in srgb, var(--st-primary-color) 20%, transparent) }
""",
    js="""
const add = (into, tag, name, text) => {
  const made = document.createElement(tag)
  if (name) made.className = name
  if (text !== undefined) made.textContent = text
  into.appendChild(made)
  return made
}
const said = (into, name, text) => {
  const made = add(into, 'p', name, text)
  made.dir = 'auto'
  made.dataset.testid = 'stText'
  return made
}
const drawings = {
  text: (node, into) => said(into, '', node.text),
  heading: (node, into) => add(into, 'p', 'heading', node.text),
  label: (node, into) => add(into, 'p', 'label', node.text),
  rule: (node, into) => add(into, 'hr'),
  code: (node, into) => add(add(into, 'pre'), 'code', '', node.text),
  turn: (node, into) => draw(node.nodes, add(into, 'div', node.user ? 'turn user' : 'turn')),
  fold: (node, into) => {
    const made = add(into, 'details')
    made.open = node.open
    add(made, 'summary', '', node.label)
    draw(node.nodes, add(made, 'div'))
    made.addEventListener('toggle', () => made.open && made.scrollIntoView({ block: 'nearest' }))
  },
  marked: (node, into) => {
    const made = said(into, node.small ? 'small' : '')
    for (const [text, differs] of node.pieces) add(made, differs ? 'mark' : 'span', '', text)
  },
}
const draw = (nodes, into) => nodes.forEach(node => drawings[node.kind](node, into))

export default function({ data, parentElement }) {
  const drawn = JSON.stringify(data)
  if (parentElement.drawn === drawn) return
  parentElement.drawn = drawn
  parentElement.querySelectorAll('.pane').forEach(old => old.remove())
  const pane = add(parentElement, 'div', data.height ? 'pane framed' : 'pane')
  draw(data.nodes, pane)
  if (!data.height) return
  pane.style.height = data.height + 'px'
  pane.tabIndex = 0
  pane.setAttribute('role', 'region')
  pane.setAttribute('aria-label', data.label)
  if (data.end) pane.scrollTop = pane.scrollHeight
}""",
)


def pane(nodes: Sequence[Node], *, label: str, key: str, height: int = PANE_HEIGHT, end_in_view: bool = False) -> None:
    """A frame of `height` pixels that scrolls and takes the focus; `label` is what screen readers call it."""
    _pane(key=key, data={"nodes": list(nodes), "label": label, "height": height, "end": end_in_view})


@dataclass(frozen=True)
class Marked:
    """A paragraph with its marks, under a small label; `rule` draws a line above it."""

    label: str
    pieces: Sequence[Piece]
    rule: bool = False
    small: bool = False


def marked_text(paragraphs: Sequence[Marked], *, key: str) -> None:
    """Untrusted text, letter by letter, with what differs marked by colour and underline; no frame around it."""
    _pane(key=key, data={"nodes": marked(paragraphs), "height": None})


def marked(paragraphs: Sequence[Marked]) -> list[Node]:
    nodes: list[Node] = []
    for paragraph in paragraphs:
        if paragraph.rule:
            nodes.append(rule())
        if paragraph.label:
            nodes.append(caption(paragraph.label))
        pieces = [[visible(piece.text), piece.differs] for piece in paragraph.pieces]
        nodes.append({"kind": "marked", "pieces": pieces, "small": paragraph.small})
    return nodes


def heading(text: str) -> Node:
    return {"kind": "heading", "text": text}


def caption(text: str) -> Node:
    return {"kind": "label", "text": text}


def rule() -> Node:
    return {"kind": "rule"}


def verbatim(text: str) -> Node:
    """One block whatever stands in it: a fence opens nothing."""
    return {"kind": "text", "text": visible(text)}


def prose(text: str) -> list[Node]:
    """Somebody else's text, letter by letter: fenced code in a fixed-width block, hidden characters shown."""
    return [{"kind": block.kind, "text": visible(block.body)} for block in blocks(text)]


def folded(label: str, nodes: Sequence[Node], *, is_open: bool = False) -> Node:
    return {"kind": "fold", "label": label, "nodes": list(nodes), "open": is_open}


def turn(role: str, nodes: Sequence[Node]) -> Node:
    return {"kind": "turn", "user": role == "user", "nodes": list(nodes)}


def foldable(text: str) -> list[Node]:
    """A long text's first and last words, the whole of it folded between them."""
    ends = fold(text)
    if ends is None:
        return prose(text)
    whole = folded(_("Show all {n} characters").format(n=f"{len(text):,}"), prose(text))
    return [verbatim(ends.head + " …"), whole, verbatim("… " + ends.tail)]
