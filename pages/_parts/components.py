"""Two pieces of JavaScript: keys that press a button, and text with marks, built from text nodes only."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from proutt_core.display.differences import Piece
from proutt_core.display.visible import visible

# Streamlit's own shortcuts do not filter key repeat: a key held for a second judged ten cases.
_keys = st.components.v2.component(
    "proutt_keys",
    js="""
export default function({ data }) {
  const typing = 'textarea, input, select, [contenteditable], [role="combobox"], [role="listbox"], [role="dialog"]'
  const press = event => {
    if (event.repeat || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return
    const inside = event.composedPath()[0]
    if (inside && inside.closest && inside.closest(typing)) return
    const name = data.buttons[event.key.toLowerCase()]
    const button = name && document.querySelector('.st-key-' + CSS.escape(name) + ' button')
    if (!button || button.disabled) return
    event.preventDefault()
    button.click()
  }
  document.addEventListener('keydown', press)
  return () => document.removeEventListener('keydown', press)
}""",
)

_marked = st.components.v2.component(
    "proutt_marked",
    css="""
p { margin: 0 0 .9rem; white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; line-height: 1.6;
    color: var(--st-text-color) }
p.rule { border-top: 1px solid var(--st-border-color); padding-top: .8rem }
p.small { font-size: .875rem; margin-top: -.6rem }
p.label { margin: 0 0 .15rem; font-size: .875rem; opacity: .72 }
mark { color: inherit; border-radius: .2rem; padding: .05rem 0; text-decoration: underline;
       text-decoration-thickness: 2px; text-underline-offset: 3px; text-decoration-color: var(--st-primary-color);
       background: color-mix(in srgb, var(--st-primary-color) 20%, transparent) }
""",
    js="""
export default function({ data, parentElement }) {
  parentElement.querySelectorAll('p').forEach(old => old.remove())
  for (const block of data.blocks) {
    if (block.label) {
      const label = document.createElement('p')
      label.className = block.rule ? 'label rule' : 'label'
      label.textContent = block.label
      parentElement.appendChild(label)
    }
    const paragraph = document.createElement('p')
    if (block.small) paragraph.className = 'small'
    for (const [text, differs] of block.pieces) {
      const node = document.createElement(differs ? 'mark' : 'span')
      node.textContent = text
      paragraph.appendChild(node)
    }
    parentElement.appendChild(paragraph)
  }
}""",
)


@dataclass(frozen=True)
class Marked:
    """A paragraph with its marks, under a small label; `rule` draws a line above it."""

    label: str
    pieces: Sequence[Piece]
    rule: bool = False
    small: bool = False


def keys(buttons: dict[str, str]) -> None:
    """Key → the widget key of the button it presses; not while typing, and once however long it is held."""
    _keys(key="keys", data={"buttons": buttons}, height="content")


def marked_text(blocks: Sequence[Marked], *, key: str) -> None:
    """Untrusted text, letter by letter, with what differs marked by colour and underline."""
    _marked(
        key=key,
        data={
            "blocks": [
                {
                    "label": block.label,
                    "rule": block.rule,
                    "small": block.small,
                    "pieces": [[visible(piece.text), piece.differs] for piece in block.pieces],
                }
                for block in blocks
            ]
        },
    )
