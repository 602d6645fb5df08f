"""Datasets: import a file of dialogues, see what became of its rows, and read the dialogues."""

import streamlit as st

from db.datasets.datasets import list_ready
from pages._parts.datasets.dataset_card import draw_datasets
from pages._parts.datasets.imports import draw_imports
from pages._parts.datasets.reader import draw_dialogues
from pages._parts.datasets.tabs import TAB, tab_names
from pages._parts.notices import show_error
from pages._parts.text import _
from pages._parts.who import require_screen

require_screen("datasets")
st.title(_("Datasets"))
overview, reading, importing = st.tabs(tab_names(), key=TAB, on_change="rerun")
with show_error():
    ready = list_ready()
    if overview.open:
        with overview:
            draw_datasets(ready)
    if reading.open:
        with reading:
            draw_dialogues([dataset for dataset in ready if dataset.kind == "dialogues"])
    if importing.open:
        with importing:
            draw_imports()
