"""Accounts: a new one, and each with its roles, its password and its switch. A made-up password is shown once."""

import streamlit as st

from db.accounts.passwords import generate_password
from db.accounts.users import KINDS, UserInfo, create_user, deactivate, reactivate, set_password, set_roles
from pages._parts.dialogue import plain_text
from pages._parts.notices import show_error
from pages._parts.text import _
from pages._parts.who import acting
from proutt_core.types import AccountRole
from proutt_core.types.screens import EVERYBODY, ROLE_TITLES

SHOWN_ONCE = "admin_password_shown_once"


def _role_title(role: AccountRole) -> str:
    return _(ROLE_TITLES[role])


def _kind_names() -> dict[str, str]:
    return {"expert": _("Expert"), "skilled": _("Skilled"), "crowd": _("Crowd")}


def draw_password() -> None:
    """Once: the next rerun no longer has it, and nobody else ever had."""
    account = st.session_state.pop(SHOWN_ONCE, None)
    if account is None:
        return
    name, password = account
    with st.container(border=True):
        st.text(_("The password of {name}. It is shown this once; hand it over and then go on.").format(name=name))
        st.code(password, language=None)


def draw_new() -> None:
    with st.form("new_account", border=True):
        name, roles, kind, button = st.columns([3, 4, 2, 2], vertical_alignment="bottom")
        name.text_input(_("Name"), key="new_name", max_chars=64)
        roles.multiselect(_("Roles"), EVERYBODY, key="new_roles", format_func=_role_title)
        kind.selectbox(_("Kind"), KINDS, index=1, key="new_kind", format_func=_kind_names().__getitem__)
        button.form_submit_button(_("Create"), on_click=_on_create, type="primary", width="stretch")
    st.caption(_("A password is made up and shown once. The name is what the person signs in with."))


def draw_account(user: UserInfo, *, is_me: bool) -> None:
    name, roles, seen, reset, active = st.columns([3, 5, 2, 2, 2], vertical_alignment="center")
    with name:
        plain_text(user.name)
    key = f"roles_{user.name}"
    # The database, not the widget, says which roles there are: a refused change must not stay on the screen.
    st.session_state[key] = [role for role in EVERYBODY if role in user.roles]
    roles.multiselect(
        _("Roles"),
        EVERYBODY,
        key=key,
        format_func=_role_title,
        label_visibility="collapsed",
        disabled=not user.active,
        on_change=_on_roles,
        args=(user.id, key),
    )
    last = user.last_sign_in
    seen.caption(_("last in {day}").format(day=f"{last:%Y-%m-%d}") if last else _("never signed in"))
    reset.button(
        _("New password"),
        key=f"reset_{user.name}",
        disabled=is_me or not user.active,
        help=_("Change your own on the account page.") if is_me else None,
        on_click=_on_reset,
        args=(user.id, user.name),
        width="stretch",
    )
    active.button(
        _("Switch off") if user.active else _("Switch on"),
        key=f"active_{user.name}",
        on_click=_on_active,
        args=(user.id, not user.active),
        width="stretch",
    )


def _on_create() -> None:
    with show_error():
        by = acting("admin")
        password = generate_password()
        account = create_user(
            name=st.session_state["new_name"],
            password=password,
            roles=st.session_state["new_roles"],
            kind=st.session_state["new_kind"],
            by=by.id,
        )
        st.session_state[SHOWN_ONCE] = (account.name, password)
        st.session_state["new_name"] = ""
        st.session_state["new_roles"] = []


def _on_roles(user_id: int, key: str) -> None:
    with show_error():
        set_roles(user_id=user_id, roles=st.session_state[key], by=acting("admin").id)


def _on_reset(user_id: int, name: str) -> None:
    with show_error():
        password = generate_password()
        set_password(user_id=user_id, password=password, by=acting("admin").id)
        st.session_state[SHOWN_ONCE] = (name, password)


def _on_active(user_id: int, active: bool) -> None:
    with show_error():
        (reactivate if active else deactivate)(user_id=user_id, by=acting("admin").id)
