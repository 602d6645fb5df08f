"""Who is signed in here, and the way out."""

import streamlit as st

from db.accounts.users import change_own_password
from pages._parts.notices import show_error
from pages._parts.text import _
from pages._parts.who import acting, require_screen, session_token
from proutt_core.errors import InputError

# A form of its own: only a request outside Streamlit can take the cookie away.
sign_out_form = st.components.v2.component(
    "proutt_sign_out",
    html='<form method="post" action="/sign-out"><button type="submit"></button></form>',
    css="""
button { font: inherit; color: var(--st-text-color); background: var(--st-background-color); cursor: pointer;
  border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius); padding: .4rem .9rem }
button:hover, button:focus-visible { border-color: var(--st-primary-color); color: var(--st-primary-color) }
""",
    js="""export default function({ parentElement, data }) {
  parentElement.querySelector("button").textContent = data.label;
}""",
)


def on_change() -> None:
    typed = {field: st.session_state.pop(field) for field in ("current", "new", "again")}
    with show_error():
        who = acting("account")
        if typed["new"] != typed["again"]:
            raise InputError(_("The two new passwords differ; the password was not changed."))
        change_own_password(
            user_id=who.id, current=typed["current"], new=typed["new"], keep_session=session_token() or ""
        )
        st.toast(_("The password was changed."))


who = require_screen("account")
st.title(_("Account"))
st.text(_("Signed in as {name}").format(name=who.name))
st.text(_("Roles: {roles}").format(roles=", ".join(sorted(who.roles))))
sign_out_form(key="sign_out", data={"label": _("Sign out")})
with st.form("password", width=440):
    st.text(_("Change password"))
    st.text_input(_("Present password"), type="password", key="current", autocomplete="current-password")
    st.text_input(_("New password"), type="password", key="new", autocomplete="new-password")
    st.text_input(_("New password again"), type="password", key="again", autocomplete="new-password")
    st.form_submit_button(_("Change"), on_click=on_change)
