"""Writing a run's pairs as training data and handing the file to the browser."""

import secrets
from pathlib import Path
from typing import get_args

import streamlit as st

from db.jobs import JobInfo
from pages._jobs import RESEARCH
from pages._shared import acting, show_error
from pages._text import _, ngettext
from proutt_core.export import ExportFormat, ExportKind, Written
from proutt_core.types import PairStatus
from proutt_core.uploads import safe_name
from proutt_core.worker.exporting import run_export

FOLDER = Path("data/exports")
ENDINGS = {"trl": "jsonl", "llamafactory": "json"}


def kind_names() -> dict[ExportKind, str]:
    return {"preference": _("preference: chosen and rejected"), "sft": _("sft: chosen only")}


def format_names() -> dict[ExportFormat, str]:
    return {"trl": "TRL", "llamafactory": "LLaMA-Factory"}


def status_names() -> dict[PairStatus, str]:
    return {
        "approved": _("approved by people"),
        "clean": _("clean: passed every gate, not rejected"),
        "all": _("all: approved or clean"),
    }


def export_box(job: JobInfo) -> None:
    """Asks what, writes it, and offers the file until something else is asked for."""
    first, second, third, go = st.columns([1.3, 1, 1.5, 1], vertical_alignment="bottom")
    kinds, formats, statuses = kind_names(), format_names(), status_names()
    kind = first.selectbox(
        _("Kind"), get_args(ExportKind), index=1, format_func=kinds.__getitem__, key=f"kind-{job.id}"
    )
    format_ = second.selectbox(
        _("Format"), get_args(ExportFormat), format_func=formats.__getitem__, key=f"format-{job.id}"
    )
    status = third.selectbox(_("Pairs"), get_args(PairStatus), format_func=statuses.__getitem__, key=f"status-{job.id}")
    made = f"export-{job.id}-{kind}-{format_}-{status}"
    if go.button(_("Write the file"), icon=":material/save:", width="stretch", key=f"write-{job.id}"):
        with show_error(), st.spinner(_("Writing …")):
            who = acting(*RESEARCH)
            place = FOLDER.resolve() / secrets.token_hex(8)
            place.mkdir(parents=True, mode=0o700)
            out = place / f"{safe_name(f'{job.name}-{kind}-{status}')}.{ENDINGS[format_]}"
            written = run_export(run=job.name, kind=kind, format=format_, status=status, out=out, user_id=who.id)
            st.session_state[made] = (out, written)
    st.caption(_("Only pairs of the train split go out, one that failed a gate only when a person approved it."))
    if made in st.session_state:
        _offer(*st.session_state[made], status=status)


def _offer(out: Path, written: Written, *, status: PairStatus) -> None:
    if not written.rows:
        st.text(
            _("No pair of this run is approved yet. Review pairs first, or ask for clean ones.")
            if status == "approved"
            else _("No pair of this run goes out with these choices.")
        )
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        rows = ngettext("Download {n} row", "Download {n} rows", written.rows).format(n=f"{written.rows:,}")
        st.download_button(rows, out.read_bytes, file_name=out.name, icon=":material/download:", type="primary")
        if written.info_path is not None:
            st.download_button("dataset_info.json", written.info_path.read_bytes, file_name=written.info_path.name)
        st.caption(f"sha256 `{written.sha256}`")
