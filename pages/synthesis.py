"""Synthesis: start, watch and compare runs, read what came of each item, export; let methods predict; prices."""

import streamlit as st

from db.datasets.datasets import list_ready
from db.jobs import jobs
from db.jobs.items import ItemCounts
from db.jobs.jobs import JobInfo
from db.jobs.progress import counts_by_job
from db.studies import methods
from db.synthesis.runs import summary
from pages._parts.jobs.failures import draw_failures
from pages._parts.jobs.job import RESEARCH, draw_progress, follow, model_said, state_names
from pages._parts.notices import show_error, worker_notice
from pages._parts.synthesis.compare_runs import compare_runs
from pages._parts.synthesis.export_box import export_box
from pages._parts.synthesis.forecast import go_on_form
from pages._parts.synthesis.items import draw_items
from pages._parts.synthesis.prices import TAB, draw_prices
from pages._parts.synthesis.run_card import run_card
from pages._parts.synthesis.run_form import predict_form, run_form
from pages._parts.tables import pick
from pages._parts.text import _
from pages._parts.who import require_role
from proutt_core.display.visible import visible

ROW, ROWS_SHOWN = 35, 4


def pick_job(found: list[JobInfo], rows: list[dict[str, object]]) -> JobInfo:
    """The job in the chosen row of the table, or the newest."""
    counted = {name: st.column_config.NumberColumn(format="localized") for name in (_("Items"), _("Samples"))}
    height = ROW * (min(len(rows), ROWS_SHOWN) + 1) + 2
    return pick(found, rows, key=f"jobs-{found[0].public_id}", height=height, column_config=counted)


def no_dataset() -> None:
    st.subheader(_("No dialogues yet"), anchor=False)
    st.text(_("Import a file of dialogues first."))
    st.page_link("datasets.py", label=_("Import a file"), icon=":material/upload:")


def draw_runs() -> None:
    found = jobs.list_jobs(kind="synthesis")
    ready = list_ready(kind="dialogues")
    if not ready and not found:
        no_dataset()
        return
    newest = found[0].public_id if found else "none"
    form = st.expander(
        _("New run"), expanded=not found, icon=":material/add:", key=f"new-run-{newest}", on_change="rerun"
    )
    if form.open:  # its estimate is not worked out for whoever only looks at runs
        with form:
            run_form(ready, found)
    if not found:
        return
    counts = counts_by_job("synthesis")
    job = pick_job(found, [run_row(job, counts.get(job.id, ItemCounts())) for job in found])
    draw_run(job)
    box = st.expander(_("Items, each with its dialogue and every stage's result"), key="items", on_change="rerun")
    if box.open:
        with box:
            draw_items(job)


def run_row(job: JobInfo, counts: ItemCounts) -> dict[str, object]:
    return {
        _("Run"): visible(job.name),
        _("State"): state_names()[job.state],
        _("Dataset"): visible(job.dataset or ""),
        _("Model"): visible(model_said(job.settings)),
        _("Split"): job.settings.get("split", ""),
        _("Items"): counts.total,
        _("Started"): f"{job.created_at:%Y-%m-%d %H:%M}",
    }


def draw_run(job: JobInfo) -> None:
    """How the run stands, and what came of it. What failed comes first while something is to be done about it."""
    run = None if job.active else summary(job.id)
    with st.container(border=True):
        follow(job, draw_progress)
        if job.state != "done":
            draw_failures(job)
        if run is not None and run.done:
            run_card(job, run)
        if job.state == "done":
            draw_failures(job)
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


def draw_predictions() -> None:
    found = jobs.list_jobs(kind="predict")
    ready = list_ready(kind="dialogues")
    if not ready and not found:
        no_dataset()
        return
    newest = found[0].public_id if found else "none"
    with st.expander(_("New predictions"), expanded=not found, icon=":material/add:", key=f"new-predict-{newest}"):
        predict_form(ready)
    if not found:
        st.caption(_("A study compares two methods, so two of them need predictions on the same test split."))
        return
    known = {method.id: method.settings for method in methods.list_methods()}
    counts = counts_by_job("predict")
    rows = [prediction_row(job, known.get(job.method_id or 0, {}), counts.get(job.id, ItemCounts())) for job in found]
    job = pick_job(found, rows)
    with st.container(border=True):
        follow(job, draw_progress)
        draw_failures(job)
    st.page_link("studies.py", label=_("Compare two methods in a study"), icon=":material/science:")


def prediction_row(job: JobInfo, method: dict[str, object], counts: ItemCounts) -> dict[str, object]:
    return {
        _("Predictions"): visible(job.name),
        _("State"): state_names()[job.state],
        _("Model"): visible(model_said(method)),
        _("Intent tree"): _("without") if method.get("without_tree") else _("with"),
        _("Dataset"): visible(job.dataset or ""),
        _("Split"): job.settings.get("split", ""),
        _("Samples"): counts.total,
        _("Started"): f"{job.created_at:%Y-%m-%d %H:%M}",
    }


who = require_role(*RESEARCH)
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
