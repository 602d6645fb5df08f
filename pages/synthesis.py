"""Synthesis: start and watch runs, read what came of each item, export; and let methods predict."""

import streamlit as st

from db import calls, jobs, methods
from db.datasets import list_ready
from db.items import ItemCounts
from db.jobs import JobInfo
from db.progress import counts_by_job
from db.synthesis import RunSummary, summary
from pages._export_box import export_box
from pages._items import draw_items, filter_names
from pages._jobs import (
    RESEARCH,
    draw_progress,
    duration_said,
    follow,
    job_head,
    model_said,
    state_names,
)
from pages._run_form import predict_form, run_form
from pages._shared import require_role, show_error, worker_notice
from pages._tables import fact_table, pick
from pages._text import _
from proutt_core.progress import duration, percent
from proutt_core.visible import visible


def pick_job(found: list[JobInfo], rows: list[dict[str, object]]) -> JobInfo:
    """The job in the chosen row of the table, or the newest."""
    return pick(found, rows, key=f"jobs-{found[0].public_id}")


def no_dataset() -> None:
    st.subheader(_("No dialogues yet"), anchor=False)
    st.text(_("Import a file of dialogues first."))
    st.page_link("datasets.py", label=_("Import a file"), icon=":material/upload:")


def draw_runs() -> None:
    found = jobs.list_jobs(kind="synthesis")
    ready = list_ready()
    if not ready and not found:
        no_dataset()
        return
    newest = found[0].public_id if found else "none"
    with st.expander(_("New run"), expanded=not found, icon=":material/add:", key=f"new-run-{newest}"):
        run_form(ready, [job.name for job in found])
    if not found:
        return
    counts = counts_by_job("synthesis")
    job = pick_job(found, [run_row(job, counts.get(job.id, ItemCounts())) for job in found])
    with st.container(border=True):
        job_head(job)
        follow(job, draw_progress)
    if not job.active:
        finished_run(job)
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


def finished_run(job: JobInfo) -> None:
    run = summary(job.id)
    if not run.done:
        return
    with st.container(border=True):
        came_of(job, run)
        if job.state == "done":  # only then are there queues of its trees and pairs
            with st.container(horizontal=True):
                st.page_link("trees.py", label=_("Review its intent trees"), icon=":material/account_tree:")
                st.page_link("pairs.py", label=_("Review its preference pairs"), icon=":material/edit_note:")
    with st.container(border=True):
        st.markdown(f"**{_('Export for training')}**")
        export_box(job)


def came_of(job: JobInfo, run: RunSummary) -> None:
    """Branches and gates on the left, what it cost and how it was set on the right."""
    left, middle, right = st.columns(3, gap="large")
    names = filter_names()
    with left:
        st.markdown(f"**{_('Pairs')}**")
        fact_table(
            [
                (_("Clean"), f"{run.clean:,} ({percent(run.clean, run.done)})"),
                *[
                    (_("Branch {name}").format(name=names[branch]), f"{n:,} ({percent(n, run.done)})")
                    for branch, n in run.branches.items()
                ],
            ]
        )
        st.markdown(f"**{_('Gates failed')}**")
        fact_table([(gate, f"{n:,}") for gate, n in run.gate_failures.items()] or [(_("none"), "")])
    with middle:
        st.markdown(f"**{_('Calls')}**")
        fact_table(cost_lines(job))
    with right:
        st.markdown(f"**{_('Settings')}**")
        fact_table(setting_lines(job))


def cost_lines(job: JobInfo) -> list[tuple[str, str]]:
    spent = calls.totals(job.id)
    lines = [
        (_("Made"), f"{spent.calls:,}"),
        (_("From the log"), f"{spent.cached:,}"),
        (_("Prompt tokens"), f"{spent.prompt_tokens:,}"),
        (_("Reply tokens"), f"{spent.completion_tokens:,}"),
    ]
    if job.started_at is not None and job.finished_at is not None:
        took = duration((job.finished_at - job.started_at).total_seconds())
        lines.append((_("First to last"), duration_said(took)))
    return lines


def setting_lines(job: JobInfo) -> list[tuple[str, str]]:
    frozen = job.settings
    return [
        (_("Dataset"), job.dataset or ""),
        (_("Model"), model_said(frozen)),
        (_("Split"), str(frozen.get("split", ""))),
        (_("Seed"), str(frozen.get("seed", ""))),
        (_("tau_high, tau_low"), f"{frozen.get('tau_high', '')}, {frozen.get('tau_low', '')}"),
    ]


def draw_predictions() -> None:
    found = jobs.list_jobs(kind="predict")
    ready = list_ready()
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
        job_head(job)
        follow(job, draw_progress)
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
runs, predicting = st.tabs([_("Runs"), _("Predictions")], key="synthesis_tab", on_change="rerun")
with show_error():
    if runs.open:
        with runs:
            draw_runs()
    if predicting.open:
        with predicting:
            draw_predictions()
