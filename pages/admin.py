"""Admin: accounts and roles, and what happened lately."""

import json
from typing import get_args

import pandas as pd
import streamlit as st

from db.accounts.events import recent
from db.accounts.passwords import generate_password
from db.accounts.users import KINDS, UserInfo, create_user, deactivate, list_users, reactivate, set_password, set_roles
from pages._parts.dialogue import plain_text
from pages._parts.notices import show_error
from pages._parts.text import _
from pages._parts.who import acting, require_role
from proutt_core.display.visible import visible
from proutt_core.types import AccountRole

ROLES = get_args(AccountRole)
SHOWN_ONCE = "admin_password_shown_once"
EVENTS_SHOWN = 200


def role_names() -> dict[str, str]:
    return {
        "annotator": _("Annotator"),
        "reviewer": _("Reviewer"),
        "researcher": _("Researcher"),
        "admin": _("Admin"),
    }


def kind_names() -> dict[str, str]:
    return {"expert": _("Expert"), "skilled": _("Skilled"), "crowd": _("Crowd")}


def on_create() -> None:
    with show_error():
        by = acting("admin")
        password = generate_password()
        made = create_user(
            name=st.session_state["new_name"],
            password=password,
            roles=st.session_state["new_roles"],
            kind=st.session_state["new_kind"],
            by=by.id,
        )
        st.session_state[SHOWN_ONCE] = (made.name, password)
        st.session_state["new_name"] = ""
        st.session_state["new_roles"] = []


def on_roles(user_id: int) -> None:
    with show_error():
        set_roles(user_id=user_id, roles=st.session_state[f"roles_{user_id}"], by=acting("admin").id)


def on_reset(user_id: int, name: str) -> None:
    with show_error():
        password = generate_password()
        set_password(user_id=user_id, password=password, by=acting("admin").id)
        st.session_state[SHOWN_ONCE] = (name, password)


def on_active(user_id: int, active: bool) -> None:
    with show_error():
        (reactivate if active else deactivate)(user_id=user_id, by=acting("admin").id)


def draw_password() -> None:
    """Once: the next rerun no longer has it, and nobody else ever had."""
    shown = st.session_state.pop(SHOWN_ONCE, None)
    if shown is None:
        return
    name, password = shown
    with st.container(border=True):
        st.text(_("The password of {name}. It is shown this once; hand it over and then go on.").format(name=name))
        st.code(password, language=None)


def draw_new() -> None:
    with st.form("new_account", border=True):
        name, roles, kind, button = st.columns([3, 4, 2, 2], vertical_alignment="bottom")
        name.text_input(_("Name"), key="new_name", max_chars=64)
        roles.multiselect(_("Roles"), ROLES, key="new_roles", format_func=role_names().__getitem__)
        kind.selectbox(_("Kind"), KINDS, index=1, key="new_kind", format_func=kind_names().__getitem__)
        button.form_submit_button(_("Create"), on_click=on_create, type="primary", width="stretch")
    st.caption(_("A password is made up and shown once. The name is what the person signs in with."))


def draw_account(user: UserInfo, *, is_me: bool) -> None:
    name, roles, seen, reset, active = st.columns([3, 5, 2, 2, 2], vertical_alignment="center")
    with name:
        plain_text(user.name)
    key = f"roles_{user.id}"
    # The database, not the widget, says which roles there are: a refused change must not stay on the screen.
    st.session_state[key] = [role for role in ROLES if role in user.roles]
    roles.multiselect(
        _("Roles"),
        ROLES,
        key=key,
        format_func=role_names().__getitem__,
        label_visibility="collapsed",
        disabled=not user.active,
        on_change=on_roles,
        args=(user.id,),
    )
    last = user.last_sign_in
    seen.caption(_("last in {day}").format(day=f"{last:%Y-%m-%d}") if last else _("never signed in"))
    reset.button(
        _("New password"),
        key=f"reset_{user.id}",
        disabled=is_me or not user.active,
        help=_("Change your own on the account page.") if is_me else None,
        on_click=on_reset,
        args=(user.id, user.name),
        width="stretch",
    )
    active.button(
        _("Switch off") if user.active else _("Switch on"),
        key=f"active_{user.id}",
        on_click=on_active,
        args=(user.id, not user.active),
        width="stretch",
    )


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
    st.dataframe(pd.DataFrame(rows), hide_index=True, height=480)


who = require_role("admin")
st.title(_("Admin"))
draw_password()
accounts, events = st.tabs([_("Accounts"), _("What happened")])
with accounts:
    draw_new()
    for user in list_users():
        draw_account(user, is_me=user.id == who.id)
with events:
    draw_events()
