"""Removing a dataset: what goes with it, or what keeps it."""

import streamlit as st

from db.datasets.datasets import DatasetInfo
from db.datasets.removal import kept_by, remove_ready
from pages._parts.notices import show_error
from pages._parts.text import _
from pages._parts.who import acting
from proutt_core.display.visible import visible


def draw_removal(dataset: DatasetInfo) -> None:
    kept = kept_by(dataset.id)
    with st.popover(_("Remove the dataset…"), icon=":material/delete:", key=f"removal-{dataset.name}"):
        if kept:
            st.text(_("It cannot be removed. It is used by:"))
            for use in kept:
                st.text(f"– {visible(use)}")
            return
        st.text(
            _("This goes for good: {name} with {dialogues} dialogues, {samples} samples and {pairs} pairs.").format(
                name=visible(dataset.name),
                dialogues=f"{dataset.dialogues:,}",
                samples=f"{dataset.samples:,}",
                pairs=f"{dataset.pairs:,}",
            )
        )
        st.button(_("Remove it"), key=f"remove-ready-{dataset.name}", on_click=_on_remove, args=(dataset.name,))


def _on_remove(name: str) -> None:
    with show_error():
        who = acting("datasets")
        with st.spinner(_("Removing …")):
            remove_ready(name, user_id=who.id)
