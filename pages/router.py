"""Which pages there are, for whom, and how they are reached: a role's daily pages first, the rest under a menu."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from db.accounts.sessions import SignedIn
from pages._parts.look import ICON, STYLE
from pages._parts.text import _
from pages._parts.who import EVERYBODY, leave_for_sign_in, signed_in
from proutt_core.types import AccountRole

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Screen:
    file: str
    title: str
    icon: str
    roles: tuple[AccountRole, ...]
    daily: tuple[AccountRole, ...]  # whose first row it stands in
    menu: str  # where it is for the others


def _screens() -> tuple[Screen, ...]:
    review, research = _("Review"), _("Research")
    lab: tuple[AccountRole, ...] = ("researcher", "admin")
    daily: tuple[AccountRole, ...] = ("researcher",)
    return (
        Screen("home.py", _("Home"), "home", EVERYBODY, EVERYBODY, ""),
        Screen("compare.py", _("Compare"), "balance", EVERYBODY, ("annotator", "reviewer"), review),
        Screen("pairs.py", _("Preference pairs"), "edit_note", EVERYBODY, ("annotator", "reviewer"), review),
        Screen("trees.py", _("Intent trees"), "account_tree", ("reviewer", *lab), ("reviewer",), review),
        Screen("datasets.py", _("Datasets"), "forum", lab, daily, research),
        Screen("synthesis.py", _("Synthesis"), "conversion_path", lab, daily, research),
        Screen("thresholds.py", _("Thresholds"), "tune", lab, daily, research),
        Screen("studies.py", _("Studies"), "science", lab, daily, research),
        Screen("agreement.py", _("Agreement"), "handshake", lab, daily, research),
        Screen("admin.py", _("Admin"), "manage_accounts", ("admin",), ("admin",), ""),
    )


def _navigation(who: SignedIn) -> dict[str, list[st.Page]]:
    menus: dict[str, list[st.Page]] = {"": []}
    for screen in _screens():
        allowed = who.has(*screen.roles)
        page = st.Page(
            HERE / screen.file,
            title=screen.title,
            icon=f":material/{screen.icon}:",
            default=screen.file == "home.py",
            # Who may not open it and types its address shall read the page's refusal, not "page not found".
            visibility="visible" if allowed else "hidden",
        )
        in_row = not allowed or who.has(*screen.daily)
        menus.setdefault("" if in_row else screen.menu, []).append(page)
    account = st.Page(HERE / "account.py", title=_("Account"), icon=":material/person:")
    # A name holds letters, digits and . _ - + @ only; the underscore is the one that markup would read.
    menus[who.name.replace("_", "\\_")] = [account]
    return menus


def main() -> None:
    who = signed_in()
    if who is None:
        leave_for_sign_in()
    st.set_page_config(page_title="ProUtt Studio", page_icon=ICON, layout="wide")
    st.html(STYLE)
    st.navigation(_navigation(who), position="top").run()


main()
