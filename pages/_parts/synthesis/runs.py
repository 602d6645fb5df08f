"""Runs: the form of a new one, all of them as a table, and the chosen one with what came of it."""

import streamlit as st

from db.datasets.datasets import list_ready
from db.jobs import jobs
from db.jobs.items import ItemCounts
from db.jobs.jobs import JobInfo
from db.jobs.progress import counts_by_job
from db.stored_settings import split_of
from db.synthesis.runs import summary
from pages._parts.jobs.failures import draw_failures
from pages._parts.jobs.job import draw_progress, follow, model_said, state_names
from pages._parts.notices import show_error
from pages._parts.synthesis.export_box import export_box
from pages._parts.synthesis.forecast import go_on_form
from pages._parts.synthesis.items import draw_items
from pages._parts.synthesis.job_table import no_dataset, pick_job
from pages._parts.synthesis.run_card import run_card
from pages._parts.synthesis.run_form import run_form
from pages._parts.text import _
from proutt_core.display.visible import visible


def draw_runs() -> None:
    runs = jobs.list_jobs(kind="synthesis")
    ready = list_ready(kind="dialogues")
    if not ready and not runs:
        no_dataset()
        return
    newest = runs[0].public_id if runs else "none"
    form = st.expander(
        _("New run"), expanded=not runs, icon=":material/add:", key=f"new-run-{newest}", on_change="rerun"
    )
    if form.open:  # its estimate is not worked out for whoever only looks at runs
        with form:
            run_form(ready, runs)
    if not runs:
        return
    counts = counts_by_job("synthesis")
    job = pick_job(runs, [_row(job, counts.get(job.id, ItemCounts())) for job in runs])
    _draw_run(job)
    box = st.expander(_("Items, each with its dialogue and every stage's result"), key="items", on_change="rerun")
    if box.open:
        with box:
            draw_items(job)


def _draw_run(job: JobInfo) -> None:
    """How the run stands, and what came of it. What failed comes first while something is to be done about it."""
    run = None if job.active else summary(job.id)
    with st.container(border=True):
        follow(job, draw_progress, screen="synthesis")
        if job.state != "done":
            draw_failures(job, screen="synthesis")
        if run is not None and run.done:
            run_card(job, run)
        if job.state == "done":
            draw_failures(job, screen="synthesis")
    if run is None or not run.done:
        return
    if job.state == "done":  # only then are there queues of its trees and pairs
        go_on_form(job)
        with st.container(horizontal=True):
            st.page_link("trees.py", label=_("Review its intent trees"), icon=":material/account_tree:")
            st.page_link("pairs.py", label=_("Review its preference pairs"), icon=":material/edit_note:")
    with st.container(border=True), show_error():
        st.markdown(f"**{_('Export for training')}**")
        export_box(job)


def _row(job: JobInfo, counts: ItemCounts) -> dict[str, object]:
    return {
        _("Run"): visible(job.name),
        _("State"): state_names()[job.state],
        _("Dataset"): visible(job.dataset or ""),
        _("Model"): visible(model_said(job.settings)),
        _("Split"): split_of(job.settings),
        _("Items"): counts.total,
        _("Started"): f"{job.created_at:%Y-%m-%d %H:%M}",
    }
