"""Whether a dataset's texts may be passed on, and correcting what import made of its licence."""

import streamlit as st

from db.datasets.datasets import DatasetInfo
from db.datasets.licences import set_redistributable
from pages._parts.notices import show_error
from pages._parts.text import _
from pages._parts.who import acting


def draw_licence(dataset: DatasetInfo) -> None:
    """Whether texts may be passed on; import guessed it from the licence, and somebody who has read it knows better."""
    text, button = st.columns([5, 1.6], vertical_alignment="center")
    if dataset.redistributable:
        text.text(_("Exports hold this dataset's texts."))
    else:
        text.text(_("This dataset's texts may not be passed on: exports hold ids and traces instead."))
    # Another box once it was corrected: the open one would hold the opposite button under the same click.
    key = f"{dataset.name}-{dataset.redistributable}"
    with button.popover(_("Correct this…"), width="stretch", key=f"licence-{key}"):
        reason = st.text_input(_("Why"), key=f"licence-why-{key}", placeholder=_("What the licence says"))
        label = _("Texts may not be passed on") if dataset.redistributable else _("Texts may be passed on")
        st.button(label, key=f"licence-set-{key}", on_click=correct_licence, args=(dataset, reason or ""))


def correct_licence(dataset: DatasetInfo, reason: str) -> None:
    with show_error():
        who = acting("datasets")
        redistributable = not dataset.redistributable
        set_redistributable(name=dataset.name, redistributable=redistributable, reason=reason, user_id=who.id)
