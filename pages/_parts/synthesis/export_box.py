"""Writing pairs as training data, handing the file to the browser, and what was written before."""

import secrets
from pathlib import Path
from typing import Any, get_args

import pandas as pd
import streamlit as st

from db.datasets.datasets import DatasetInfo
from db.jobs.jobs import JobInfo
from db.pairs.exports import ExportInfo, exports_of
from db.pairs.going_out import pairs_of_dataset, pairs_of_run
from db.stored_settings import reason_for_texts
from pages._parts.notices import show_error
from pages._parts.tables import table
from pages._parts.text import _, ngettext
from pages._parts.who import acting, download
from proutt_core.actions.export import run_export
from proutt_core.dialogues.uploads import safe_name
from proutt_core.display.visible import visible
from proutt_core.errors import ProuttError
from proutt_core.export import ExportFormat, ExportKind, Written
from proutt_core.export.kept import FOLDER, remove_superseded
from proutt_core.private_files import make_private_folder
from proutt_core.types import PairStatus

ENDINGS = {"trl": "jsonl", "llamafactory": "json", "ids": "jsonl"}


def kind_names() -> dict[ExportKind, str]:
    return {"preference": _("preference: chosen and rejected"), "sft": _("sft: chosen only")}


def format_names() -> dict[ExportFormat, str]:
    return {"trl": "TRL", "llamafactory": "LLaMA-Factory", "ids": _("ids and traces, no dialogues")}


def status_names() -> dict[PairStatus, str]:
    return {
        "approved": _("approved by people"),
        "clean": _("clean: passed every gate, not rejected"),
        "all": _("all: approved or clean"),
    }


def export_box(job: JobInfo) -> None:
    """The form that writes pairs of a run to a file, and offers the file until another choice is made."""
    of = pairs_of_run(job.name)
    kinds: tuple[ExportKind, ...] = ("sft",) if "revision" in of.without else get_args(ExportKind)
    _box(
        f"run-{job.public_id}",
        of.name,
        {"run": job.name},
        kinds,
        get_args(PairStatus),
        redistributable=of.redistributable,
    )
    earlier_exports(exports_of(job_id=job.id))


def dataset_export_box(dataset: DatasetInfo) -> None:
    """The same for the pairs a dataset was imported with, which go out only when a person approved them."""
    of = pairs_of_dataset(dataset.name)
    whose = {"dataset": dataset.name}
    key, kinds = f"dataset-{dataset.name}", get_args(ExportKind)
    _box(key, of.name, whose, kinds, ("approved",), redistributable=of.redistributable)
    earlier_exports(exports_of(dataset_id=dataset.id))


def _box(
    key: str,
    name: str,
    whose: dict[str, Any],
    kinds: tuple[ExportKind, ...],
    statuses: tuple[PairStatus, ...],
    *,
    redistributable: bool,
) -> None:
    reason = None if redistributable else _reason(key)
    formats: tuple[ExportFormat, ...] = get_args(ExportFormat) if redistributable or reason is not None else ("ids",)
    first, second, third, go = st.columns([1.3, 1.1, 1.5, 1], vertical_alignment="bottom")
    kind = first.selectbox(
        _("Kind"), kinds, index=len(kinds) - 1, format_func=kind_names().__getitem__, key=f"kind-{key}"
    )
    format_ = second.selectbox(
        _("Format"), formats, format_func=format_names().__getitem__, key=f"format-{key}-{len(formats)}"
    )
    status = third.selectbox(_("Pairs"), statuses, format_func=status_names().__getitem__, key=f"status-{key}")
    made = f"export-{key}-{kind}-{format_}-{status}"
    if go.button(_("Write the file"), icon=":material/save:", width="stretch", key=f"write-{key}"):
        with show_error(), st.spinner(_("Writing …")):
            who = acting("synthesis")
            place = FOLDER.resolve() / secrets.token_hex(8)
            make_private_folder(place)
            out = place / f"{safe_name(f'{name}-{kind}-{status}')}.{ENDINGS[format_]}"
            choices: dict[str, Any] = {"kind": kind, "format": format_, "status": status}
            try:
                written = run_export(**choices, **whose, out=out, with_texts=reason, user_id=who.id)
            except ProuttError:
                place.rmdir()  # nothing was written
                raise
            st.session_state[made] = (out, written)
    st.caption(
        _("Only pairs of the train split go out; one that failed a gate, or was imported, when a person approved it.")
    )
    if made in st.session_state:
        _offer(*st.session_state[made], status=status)


def _reason(key: str) -> str | None:
    """Why texts go out although the licence forbids it; None where they stay."""
    st.text(
        _(
            "This dataset's licence forbids passing its texts on, so ids and traces go out and no dialogues. A trace"
            " may still quote its dialogue. Whoever holds the dataset puts the texts back with the command export-join."
        )
    )
    overridden, why = st.columns([1, 1.6], vertical_alignment="center")
    if not overridden.checkbox(_("Write the texts all the same"), key=f"with-texts-{key}"):
        return None
    label = _("Why the texts may go out")
    return why.text_input(label, key=f"why-{key}", placeholder=label, label_visibility="collapsed") or ""


def _offer(out: Path, written: Written, *, status: PairStatus) -> None:
    if not written.rows:
        st.text(
            _("No pair is approved yet. Review pairs first, or ask for clean ones.")
            if status == "approved"
            else _("No pair goes out with these choices.")
        )
        return
    if not out.exists():
        st.text(_("The file was removed meanwhile; write it again."))
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        rows = ngettext("Download {n} row", "Download {n} rows", written.rows).format(n=f"{written.rows:,}")
        st.download_button(
            rows, download("synthesis", out.read_bytes), file_name=out.name, icon=":material/download:", type="primary"
        )
        if written.info_path is not None:
            st.download_button(
                "dataset_info.json",
                download("synthesis", written.info_path.read_bytes),
                file_name=written.info_path.name,
            )
        st.caption(f"sha256 `{written.sha256}`")
    st.text(visible(str(out)))


def earlier_exports(exports: list[ExportInfo]) -> None:
    """What was written before, by whom and where. Removes old files from the server's own folder."""
    if not exports:
        return
    remove_superseded([(info.at, Path(info.path), (info.kind, info.format, info.status)) for info in exports])
    with st.expander(ngettext("{n} export so far", "{n} exports so far", len(exports)).format(n=len(exports))):
        names, formats = status_names(), format_names()
        rows = [
            {
                _("When"): f"{info.at:%Y-%m-%d %H:%M}",
                _("By"): visible(info.by or _("command line")),
                _("Kind"): info.kind,
                _("Format"): formats.get(info.format, info.format),  # type: ignore[call-overload]
                _("Pairs"): names.get(info.status, info.status),  # type: ignore[call-overload]
                _("Rows"): info.rows,
                _("Texts although the licence forbids it"): visible(reason_for_texts(info.settings)),
                _("File"): visible(info.path) if Path(info.path).exists() else _("removed"),
                "sha256": info.sha256,
            }
            for info in exports
        ]
        table(pd.DataFrame(rows), hide_index=True)
        st.caption(_("Files written here stay on the server; one that was written again since goes after a day."))
