"""The only CSS of the app, and its icon. Colours are in .streamlit/config.toml."""

from urllib.parse import quote

# Two lines that were said and one that is to come.
_DRAWING = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#2f6f5e"/>'
    '<g stroke="#fff" stroke-width="3" stroke-linecap="round"><path d="M8 10h16M8 16h10"/>'
    '<path d="M8 22h12" stroke-dasharray="0.1 5"/></g></svg>'
)
# Inside the page, so that it is fetched from nowhere (Streamlit's own icons for tabs come from a font server).
ICON = "data:image/svg+xml," + quote(_DRAWING)

# Streamlit's own margins cost 96 px above and a third of the width. Its white on a light green (dark theme) and its
# grey captions (light theme) are below AA contrast; its links in the top bar do not show the keyboard's focus. What
# people and models wrote runs in its own direction, line by line, also while it is typed; what Streamlit writes over
# the right end of a field ("Press Enter to apply") would cover the beginning of a comment.
STYLE = """<style>
[data-testid="stMainBlockContainer"] { padding: 4.2rem 2rem 2rem; max-width: none }
[data-testid="stBottomBlockContainer"] { padding: 1rem 2rem .8rem; max-width: none }
h1 { font-size: 1.5rem !important; padding: .5rem 0 .75rem !important }
h2 { font-size: 1.05rem !important; padding: .5rem 0 1rem !important }
[data-testid^="stBaseButton-primary"]:not(:disabled), [data-testid="stMultiSelectTagsContainer"] [data-tag] {
  color: light-dark(#ffffff, #10201b) }
a:focus-visible, [data-scrolls]:focus-visible {
  outline: 2px solid light-dark(#2f6f5e, #6fc3a8) !important; outline-offset: -2px }
.st-key-scrolling { display: none }
[data-testid="stCaptionContainer"] { color: light-dark(#5d6358, #a3aaa4); opacity: 1 }
.stText span, .stCode pre > div, [role="option"] *, input, textarea { unicode-bidi: plaintext; text-align: start }
[data-testid="stMarkdownContainer"] :is(p, li) { unicode-bidi: plaintext }
[class*="st-key-comment-"] [data-testid="InputInstructions"] { display: none }
</style>"""
