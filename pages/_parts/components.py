"""Keys that press a button."""

import streamlit as st

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


def keys(buttons: dict[str, str]) -> None:
    """Key → the widget key of the button it presses; not while typing, and once however long it is held."""
    _keys(key="keys", data={"buttons": buttons}, height="content")
