"""Synthesis: start, watch and compare runs, read what came of each item, export; let methods predict; prices."""

import streamlit as st

from db.jobs import jobs
from db.jobs.progress import counts_by_job
from pages._parts.notices import show_error, worker_notice
from pages._parts.synthesis.compare_runs import compare_runs
from pages._parts.synthesis.predictions import draw_predictions
from pages._parts.synthesis.prices import TAB, draw_prices
from pages._parts.synthesis.runs import draw_runs
from pages._parts.text import _
from pages._parts.who import require_screen

require_screen("synthesis")
st.title(_("Synthesis"))
worker_notice()
runs, comparing, predicting, pricing = st.tabs(
    [_("Runs"), _("Compare runs"), _("Predictions"), _("Prices")], key=TAB, on_change="rerun"
)
with show_error():
    if runs.open:
        with runs:
            draw_runs()
    if comparing.open:
        with comparing:
            compare_runs(jobs.list_jobs(kind="synthesis"), counts_by_job("synthesis"))
    if predicting.open:
        with predicting:
            draw_predictions()
    if pricing.open:
        with pricing:
            draw_prices()
