"""Results of a closed study that have to wait, and what for."""

import streamlit as st

from db.studies.results import results_wait_for
from pages._parts.dialogue import plain_text
from pages._parts.text import _, ngettext


def results_can_be_read(study: str) -> bool:
    """Whether nothing is open on the closed study's dialogues; says what is, where something is."""
    still_open = results_wait_for(study)
    if not still_open:
        return True
    st.info(
        _("Closed, and its results are still withheld: people judge the same dialogues in another study."),
        icon=":material/lock_clock:",
    )
    sentence = ngettext(
        "They can be read when this study is closed: {names}",
        "They can be read when these studies are closed: {names}",
        len(still_open),
    )
    plain_text(sentence.format(names=", ".join(still_open)))
    return False
