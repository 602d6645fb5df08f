"""The sign-in page: plain HTML in the look of the app, without script or anything from elsewhere."""

import re
from html import escape

from pages._parts.look import ICON
from pages._parts.text import _

# The page needs nothing but its own style and its own form.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)

PAGE_STYLE = """
:root { color-scheme: light dark; --paper: #fbfaf7; --card: #ffffff; --ink: #22261f; --quiet: #5d6358; --line: #dcd8cc;
  --green: #2f6f5e; --on-green: #ffffff; --red: #9b2c1f; --red-paper: #fbeeea }
@media (prefers-color-scheme: dark) { :root { --paper: #161a18; --card: #1f2522; --ink: #e8ebe6; --quiet: #a3aaa4;
  --line: #343c38; --green: #6fc3a8; --on-green: #10201b; --red: #f2a094; --red-paper: #3a211d } }
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 2rem 1rem; background: var(--paper);
  color: var(--ink); font: 16px/1.55 "Source Sans", "Source Sans 3", system-ui, -apple-system, "Segoe UI", "Noto Sans",
  "Noto Sans CJK SC", sans-serif }
main { width: 100%; max-width: 24rem }
h1 { font-size: 1.5rem; font-weight: 600; margin: 0 0 .25rem }
.lead { color: var(--quiet); margin: 0 0 1.5rem }
form { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: 1.5rem; display: grid;
  gap: 1rem }
label { display: grid; gap: .3rem; font-size: .9rem }
input { font: inherit; font-size: 1rem; color: inherit; background: var(--paper); border: 1px solid var(--line);
  border-radius: .6rem; padding: .55rem .75rem; width: 100% }
button { font: inherit; font-weight: 600; color: var(--on-green); background: var(--green); border: 0;
  border-radius: .6rem; padding: .55rem .75rem; cursor: pointer; margin-top: .25rem }
input:focus-visible, button:focus-visible { outline: 2px solid var(--green); outline-offset: 2px }
.error { color: var(--red); background: var(--red-paper); border-radius: .6rem; padding: .6rem .75rem; margin: 0 }
.foot { color: var(--quiet); font-size: .85rem; margin: 1rem 0 0 }
"""


def local_path(value: str) -> str:
    """The path to go on to after signing in; anything that could lead to another host becomes the home page."""
    return value if re.fullmatch(r"/(?!/)[^\\\x00-\x20\x7f]*", value) and len(value) <= 500 else "/"


def html_page(*, title: str, main: str) -> str:
    """A page that the server writes itself; `main` is HTML, its texts escaped."""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} · ProUtt Studio</title>
<link rel="icon" href="{ICON}">
<style>{PAGE_STYLE}</style>
</head>
<body>
{main}
</body>
</html>
"""


def sign_in_page(*, go_on_to: str, name: str = "", error: str = "", notice: str = "") -> str:
    """`go_on_to`: the local path to show after signing in. What was typed comes back, but never the password."""
    said = f'<p class="error" role="alert">{escape(error)}</p>' if error else ""
    lead = notice or _("Sign in to go on.")
    first, second = ("", " autofocus") if name else (" autofocus", "")
    main = f"""<main>
<h1>ProUtt Studio</h1>
<p class="lead">{escape(lead)}</p>
<form method="post" action="/sign-in">
{said}
<input type="hidden" name="next" value="{escape(go_on_to)}">
<label>{escape(_("Name"))}
<input name="name" value="{escape(name)}" autocomplete="username" autocapitalize="none" spellcheck="false"
 required maxlength="64"{first}></label>
<label>{escape(_("Password"))}
<input name="password" type="password" autocomplete="current-password" required maxlength="256"{second}></label>
<button type="submit">{escape(_("Sign in"))}</button>
</form>
<p class="foot">{escape(_("No account, or the password is lost? An admin of this server can help."))}</p>
</main>"""
    return html_page(title=_("Sign in"), main=main)
