"""Predictions of methods: the form that starts them, all of them as a table, and how far the chosen ones are."""

import streamlit as st

from db.datasets.datasets import list_ready
from db.jobs import jobs
from db.jobs.items import ItemCounts
from db.jobs.jobs import JobInfo
from db.jobs.progress import counts_by_job
from db.stored_settings import split_of
from db.studies import methods
from pages._parts.jobs.failures import draw_failures
from pages._parts.jobs.job import draw_progress, follow, model_said, state_names
from pages._parts.synthesis.job_table import no_dataset, pick_job
from pages._parts.synthesis.predict_form import predict_form
from pages._parts.synthesis.prediction_import_form import prediction_import_form
from pages._parts.text import _
from proutt_core.display.visible import visible
from proutt_core.methods.settings import MethodSettings


def draw_predictions() -> None:
    predictions = jobs.list_jobs(kind="predict")
    ready = list_ready(kind="dialogues")
    if not ready and not predictions:
        no_dataset()
        return
    newest = predictions[0].public_id if predictions else "none"
    with st.expander(
        _("New predictions"), expanded=not predictions, icon=":material/add:", key=f"new-predict-{newest}"
    ):
        predict_form(ready)
    with st.expander(_("Predictions made elsewhere"), icon=":material/upload:", key="import-predictions"):
        prediction_import_form(ready)
    if not predictions:
        st.caption(_("A study compares two methods, so two of them need predictions on the same test split."))
        return
    settings_by_method = {method.id: method.settings for method in methods.list_methods()}
    counts = counts_by_job("predict")
    rows = [
        _row(job, settings_by_method.get(job.method_id or 0, {}), counts.get(job.id, ItemCounts()))
        for job in predictions
    ]
    job = pick_job(predictions, rows)
    with st.container(border=True):
        follow(job, draw_progress, screen="synthesis")
        draw_failures(job, screen="synthesis")
    st.page_link("studies.py", label=_("Compare two methods in a study"), icon=":material/science:")


def _row(job: JobInfo, method: dict[str, object], counts: ItemCounts) -> dict[str, object]:
    prompted = MethodSettings.from_stored(method)
    return {
        _("Predictions"): visible(job.name),
        _("State"): state_names()[job.state],
        _("Model"): visible(model_said(method)) or _("from a file"),
        _("Intent tree"): "" if prompted is None else _("without") if prompted.without_tree else _("with"),
        _("Dataset"): visible(job.dataset or ""),
        _("Split"): split_of(job.settings),
        _("Samples"): counts.total,
        _("Started"): f"{job.created_at:%Y-%m-%d %H:%M}",
    }
