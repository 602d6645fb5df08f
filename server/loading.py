"""What pages need, loaded before the server says that it is ready: nobody's first click waits for it."""

import gc
import importlib
import logging
import pkgutil

import pandas as pd
import streamlit as st

import pages._parts
from pages._parts.charts import vertical_line, words_above
from pages._parts.look import ICON
from pages._parts.tables import table


def load_pages() -> None:
    """Everything that pages draw with. It stays anyway: looking through it for garbage, again and again, would stop
    everybody for a tenth of a second each time."""
    for module in pkgutil.walk_packages(pages._parts.__path__, f"{pages._parts.__name__}."):
        importlib.import_module(module.name)
    _draw_to_nobody()
    gc.collect()
    gc.freeze()


def _draw_to_nobody() -> None:
    """One of each element that loads more when it is first drawn: tables, charts, icons. At the very first element
    Streamlit also looks through the sources of all modules for how it was started."""
    warns = logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context")
    warns.disabled = True  # that none of them will be seen
    try:
        st.set_page_config(page_icon=ICON)
        st.expander("", icon=":material/check:")
        table(pd.DataFrame({"name": ["x"], "n": [1]}))
        bar = {"type": "bar", "x": [1], "y": [1], "marker": {"color": "#000000", "line": {"width": 1}}}
        axes = {"legend": {"x": 0}, "margin": {"t": 0}, "xaxis": {"dtick": 1}, "yaxis": {"dtick": 1}}
        drawn = {"shapes": [vertical_line(1, width=1)], "annotations": [words_above(1, "x")]}
        st.plotly_chart({"data": [bar], "layout": axes | drawn})
    finally:
        warns.disabled = False
