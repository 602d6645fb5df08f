"""How the screens of the table are reached: a role's daily ones first, the rest under a menu."""

from pathlib import Path

import streamlit as st

from db.accounts.sessions import SignedIn
from pages._parts.look import ICON, STYLE
from pages._parts.scrolling import reach_scrolling_panes
from pages._parts.text import _
from pages._parts.uploads import forget_uploads_of_other_pages
from pages._parts.who import drawn_for, leave_for_sign_in, may_open, signed_in
from proutt_core.types.screens import PERSON_MENU, SCREENS, Screen

HERE = Path(__file__).parent


def _navigation(who: SignedIn) -> dict[str, list[st.Page]]:
    menus: dict[str, list[st.Page]] = {"": []}
    for screen in SCREENS:
        page = st.Page(
            HERE / screen.script,
            title=_(screen.title),
            icon=f":material/{screen.icon}:",
            default=screen is SCREENS[0],
            # Who may not open it and types its address shall read the page's refusal, not "page not found".
            visibility="visible" if may_open(who, screen.name) else "hidden",
        )
        menus.setdefault(_menu(screen, who), []).append(page)
    return menus


def _menu(screen: Screen, who: SignedIn) -> str:
    """The title of the menu in which this person finds the screen; empty: in the row."""
    if screen.menu == PERSON_MENU:
        # A name holds letters, digits and . _ - + @ only; the underscore is the one that markup would read.
        return who.name.replace("_", "\\_")
    in_row = not may_open(who, screen.name) or who.has(*screen.daily)
    return "" if in_row or not screen.menu else _(screen.menu)  # gettext has something of its own to say to ""


def main() -> None:
    who = signed_in()
    if who is None:
        leave_for_sign_in()
    st.set_page_config(page_title="ProUtt Studio", page_icon=ICON, layout="wide")
    st.html(STYLE)
    reach_scrolling_panes()
    page = st.navigation(_navigation(who), position="top")
    forget_uploads_of_other_pages(page.url_path)
    with drawn_for(who):
        page.run()


main()
