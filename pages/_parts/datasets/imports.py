"""Importing: the form beside the imports under way and what became of the rows of the latest."""

import pandas as pd
import streamlit as st

from db.datasets.datasets import get
from db.jobs import jobs
from db.jobs.jobs import JobInfo
from pages._parts.datasets.import_form import import_form
from pages._parts.datasets.import_report import report_numbers, report_tables
from pages._parts.datasets.interrupted import draw_interrupted
from pages._parts.datasets.tabs import read_button
from pages._parts.jobs.job import draw_buttons, follow, job_head, state_names
from pages._parts.notices import worker_notice
from pages._parts.tables import table
from pages._parts.text import _
from proutt_core.display.visible import visible


def draw_imports() -> None:
    form, newest = st.columns([1.1, 1], gap="large")
    with form:
        import_form()
    with newest:
        worker_notice()
        interrupted = draw_interrupted()
        imports = [job for job in jobs.list_jobs(kind="import") if job.id not in interrupted]
        if not imports and not interrupted:
            st.caption(_("Imports and what became of their rows are shown here."))
            return
        shown = [job for job in imports if job.active] or imports[:1]
        for job in shown:
            with st.container(border=True):
                job_head(job)
                follow(job, _draw_import_job, screen="datasets")
        if others := [job for job in imports if job not in shown]:
            st.caption(_("Earlier imports"))
            _earlier_imports(others)


def _draw_import_job(job: JobInfo) -> None:
    if job.state == "done":
        _finished_import(job)
        return
    if job.state == "running":
        st.text(_("{n} rows read").format(n=f"{job.progress:,}"))
    if job.reason:
        st.text(visible(job.reason))
    draw_buttons(job)


def _finished_import(job: JobInfo) -> None:
    dataset = get(job.dataset_id) if job.dataset_id is not None else None
    if dataset is None:
        st.text(_("The dataset was removed since."))
        return
    report_numbers(dataset.report)
    report_tables(dataset.report)
    if dataset.kind == "dialogues":
        read_button(dataset.id, key="read-imported")


def _earlier_imports(imports: list[JobInfo]) -> None:
    names = state_names()
    rows = [
        {
            _("Dataset"): visible(job.name),
            _("State"): names[job.state],
            _("Started"): f"{job.created_at:%Y-%m-%d %H:%M}",
            _("Reason"): visible(job.reason),
        }
        for job in imports
    ]
    table(pd.DataFrame(rows), hide_index=True)
