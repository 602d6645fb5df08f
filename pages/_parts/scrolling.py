"""What scrolls is reached with the keyboard: one piece of JavaScript for every pane of every page."""

import streamlit as st

from pages._parts.text import _

# Streamlit's containers of fixed height and its popovers scroll, and no key leads into one that holds text only. A pane
# that has a tabindex already looks after itself.
_scrolling = st.components.v2.component(
    "proutt_scrolling",
    js="""
export default function({ data }) {
  const panes = '[data-testid="stVerticalBlock"], [data-testid="stPopoverBody"], [data-testid="stMain"] pre'
  const scrolls = pane => {
    const style = getComputedStyle(pane)
    const down = /auto|scroll/.test(style.overflowY) && pane.scrollHeight > pane.clientHeight + 1
    return down || (/auto|scroll/.test(style.overflowX) && pane.scrollWidth > pane.clientWidth + 1)
  }
  const look = () => {
    for (const pane of document.querySelectorAll(panes)) {
      const ours = pane.hasAttribute('data-scrolls')
      if (scrolls(pane) && !ours && !pane.hasAttribute('tabindex')) {
        const caption = pane.querySelector('[data-testid="stCaptionContainer"], strong')
        const title = caption ? caption.textContent.trim().slice(0, 60) : ''
        pane.setAttribute('data-scrolls', '')
        pane.setAttribute('tabindex', '0')
        pane.setAttribute('role', 'group')
        pane.setAttribute('aria-label', title ? title + ', ' + data.label : data.label)
      } else if (ours && !scrolls(pane)) {
        for (const name of ['data-scrolls', 'tabindex', 'role', 'aria-label']) pane.removeAttribute(name)
      }
    }
  }
  // A table in which a row is chosen and no cell takes no arrow key: the first one goes to a cell of that row.
  const enter = event => {
    const table = event.target
    if (table.dataset?.testid !== 'data-grid-canvas' || !/^(Arrow|Page|Home|End)/.test(event.key)) return
    if (table.querySelector('td[aria-selected="true"]')) return
    const cell = table.querySelector('tr[aria-selected="true"] td') ?? table.querySelector('td')
    cell?.focus()
  }
  let soon = 0, later = 0
  // Once what changed is drawn, and once more when fonts, charts and unfolding boxes have their height.
  const changed = () => {
    clearTimeout(soon)
    clearTimeout(later)
    soon = setTimeout(look, 100)
    later = setTimeout(look, 700)
  }
  const seen = new MutationObserver(changed)
  seen.observe(document.body, { childList: true, characterData: true, subtree: true })
  const events = ['resize', 'click', 'keyup']
  for (const event of events) window.addEventListener(event, changed, true)
  window.addEventListener('keydown', enter, true)
  changed()
  return () => {
    seen.disconnect()
    clearTimeout(soon)
    clearTimeout(later)
    for (const event of events) window.removeEventListener(event, changed, true)
    window.removeEventListener('keydown', enter, true)
  }
}""",
)


def reach_scrolling_panes() -> None:
    """Drawn once, by the router."""
    _scrolling(key="scrolling", data={"label": _("scrolls with the arrow keys")}, height="content")
