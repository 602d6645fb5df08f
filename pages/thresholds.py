"""Thresholds: where a run's pairs stand on the scale of top similarity, and what other lines would make of them."""

import streamlit as st

from db.jobs import jobs
from db.jobs.jobs import JobInfo
from pages._parts.jobs.job import model_said
from pages._parts.notices import show_error
from pages._parts.synthesis.thresholds import explore_thresholds
from pages._parts.text import _
from pages._parts.who import require_screen
from proutt_core.display.visible import visible


def choose(runs: list[JobInfo]) -> JobInfo:
    """The run in the address (`?run=`) at first, else the newest."""
    by_id = {run.public_id: run for run in runs}
    ids, run_in_address = list(by_id), st.query_params.get("run")
    chosen = st.selectbox(
        _("Run"),
        ids,
        index=ids.index(run_in_address) if run_in_address in ids else 0,
        format_func=lambda public_id: f"{visible(by_id[public_id].name)} · {model_said(by_id[public_id].settings)}",
        key="tau-run",
    )
    return by_id[chosen]


def no_run() -> None:
    st.header(_("No run yet"), anchor=False)
    st.text(_("Thresholds are looked at where pairs are. Start a pilot first."))
    st.page_link("synthesis.py", label=_("Start a pilot"), icon=":material/play_arrow:")


require_screen("thresholds")
st.title(_("Thresholds"))
with show_error():
    if runs := jobs.list_jobs(kind="synthesis"):
        run = choose(runs)
        st.caption(
            _(
                "Top similarity is how near the best of the four predictions came to what the user really said. From"
                " tau_high on, the insight is chosen as it is; below tau_low it is rejected as it is; between them"
                " both sides are revised."
            )
        )
        explore_thresholds(run)
    else:
        no_run()
