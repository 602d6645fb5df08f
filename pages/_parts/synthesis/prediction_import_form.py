"""The form that takes a file of predictions made elsewhere, and the report of the last one."""

from pathlib import Path
from tempfile import TemporaryDirectory

import streamlit as st

from db.datasets.datasets import DatasetInfo
from db.studies import methods
from pages._parts.notices import show_error
from pages._parts.text import _
from pages._parts.uploads import forget_uploads, upload_limits
from pages._parts.who import acting
from proutt_core.actions.prediction_import import NAMED, ImportedPredictions, import_predictions
from proutt_core.display.names import free_name, name_from_file
from proutt_core.display.visible import visible

REPORT = "predictions_report"
UPLOADS = "predictions_uploads"  # counts them, so that the form is empty after each


@show_error()
def prediction_import_form(datasets: list[DatasetInfo]) -> None:
    n = st.session_state.setdefault(UPLOADS, 0)
    upload = st.file_uploader(
        _("Predictions: JSONL, JSON, CSV or Excel"),
        key=f"predictions-file-{n}",
        help=_(
            "A row a sample: `sample`, or `dialogue_id` and `turn`; and `utterances`, a list of four or fewer."
            " docs/predictions.md shows rows."
        ),
    )
    st.caption(upload_limits())
    left, right = st.columns(2, gap="large")
    dataset = left.selectbox(_("Dataset"), [dataset.name for dataset in datasets], key="predictions-dataset")
    file_name = upload.name if upload is not None else ""
    suggested = name_from_file(file_name)
    free = free_name(suggested, [method.name for method in methods.list_methods()]) if suggested else ""
    name = right.text_input(
        _("Name of the method"),
        value=free,
        max_chars=100,
        key=f"predictions-name-{n}-{file_name}",
        help=_("The name of an imported method adds to it. Annotators never see it."),
    )
    if st.button(_("Import"), type="primary", icon=":material/upload:", disabled=upload is None, key="predictions-go"):
        with show_error():
            who = acting("synthesis")
            assert upload is not None
            with TemporaryDirectory() as folder:
                path = Path(folder) / "predictions"
                path.write_bytes(upload.getvalue())
                report = import_predictions(
                    path, dataset=dataset, method=(name or "").strip(), name=upload.name, created_by=who.id
                )
            st.session_state[REPORT] = report
            forget_uploads()
            st.session_state[UPLOADS] = n + 1
            st.rerun()
    if REPORT in st.session_state:
        _draw_report(st.session_state[REPORT])


def _draw_report(report: ImportedPredictions) -> None:
    test = report.by_split.get("test", 0)
    st.text(
        _("{method}: {matched} samples matched, {added} new, {test} of them in the test split.").format(
            method=visible(report.method), matched=f"{report.matched:,}", added=f"{report.added:,}", test=f"{test:,}"
        )
    )
    outside = report.matched - test
    if outside:
        st.text(_("{n} outside the test split, so in no study.").format(n=f"{outside:,}"))
    _listed(_("Rows that match no sample: {n}"), report.unknown)
    _listed(_("Rows that repeat another: {n}"), report.repeated)
    _listed(_("Test samples without a prediction: {n}"), report.uncovered)
    if report.short:
        st.warning(
            _("Samples with fewer than four utterances: {n}. Judges may tell the methods apart by it.").format(
                n=f"{report.short:,}"
            )
        )


def _listed(title: str, texts: tuple[str, ...]) -> None:
    if not texts:
        return
    lines = [title.format(n=f"{len(texts):,}"), *(f"    {text}" for text in texts[:NAMED])]
    st.text(visible("\n".join([*lines, *(["    …"] if len(texts) > NAMED else [])])))
