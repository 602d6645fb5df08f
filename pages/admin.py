"""Admin: accounts and roles, and what happened lately."""

import json

import pandas as pd
import streamlit as st

from db.accounts.events import recent
from db.accounts.users import list_users
from pages._parts.accounts import draw_account, draw_new, draw_password
from pages._parts.tables import table
from pages._parts.text import _
from pages._parts.who import require_screen
from proutt_core.display.visible import visible

EVENTS_SHOWN = 200


def draw_events() -> None:
    rows = [
        {
            _("When (UTC)"): f"{event.at:%Y-%m-%d %H:%M:%S}",
            _("Who"): event.user or _("command line"),
            _("What"): event.kind,
            _("About"): visible(event.subject),
            _("Detail"): visible(json.dumps(event.detail, ensure_ascii=False)) if event.detail else "",
        }
        for event in recent(limit=EVENTS_SHOWN)
    ]
    table(pd.DataFrame(rows), hide_index=True, height=480)


who = require_screen("admin")
st.title(_("Admin"))
draw_password()
accounts, events = st.tabs([_("Accounts"), _("What happened")])
with accounts:
    draw_new()
    for user in list_users():
        draw_account(user, is_me=user.id == who.id)
with events:
    draw_events()
