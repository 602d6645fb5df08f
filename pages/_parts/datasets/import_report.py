"""What became of a file's rows, as tables: reasons and file contents are data, never markup."""

from typing import Any

import pandas as pd
import streamlit as st

from db.datasets.datasets import DatasetInfo
from pages._parts.datasets.import_form import turn_names
from pages._parts.tables import table
from pages._parts.text import _
from proutt_core.dialogues import FORMATS, Shares
from proutt_core.dialogues.balance import WARNING, balance_lines
from proutt_core.dialogues.pairs.released import TITLE as PAIRS_TITLE
from proutt_core.display.visible import visible
from proutt_core.jobs.kinds.resumed_import import import_settings


def _of_pairs() -> list[tuple[str, str, str]]:
    return [
        (_("Imported"), "imported", _("Pairs. They go out in exports when a person approved them.")),
        (_("Read as traces"), "parsed", _("Shown part by part, and can be edited.")),
        (_("Kept as text"), "verbatim", _("Not in the form of a trace: shown and exported as they stand.")),
        (_("Duplicates"), "duplicates", _("The same prompt and answers: kept once.")),
        (_("Chosen side only"), "sft_only", _("Rows of an SFT file, without a rejected answer.")),
        (_("Skipped"), "skipped", _("Unreadable rows, and those that are no pair.")),
    ]


def _of_dialogues() -> list[tuple[str, str, str]]:
    return [
        (_("Imported"), "imported", ""),
        (_("Samples"), "samples", _("Places where a dialogue is cut: what the user says next is to be predicted.")),
        (_("Without a sample"), "without_sample", _("Imported, but with no user message after a complete turn.")),
        (_("Duplicates"), "duplicates", _("The same text, under whatever ids: kept once.")),
        (_("Earlier states"), "earlier_states", _("They go on in a longer dialogue of the file, which is kept.")),
        (_("Renamed"), "renamed", _("Same id with another text: kept under the id with #2 and so on.")),
        (_("Skipped"), "skipped", _("Unreadable rows, and those a filter or the draw left out.")),
    ]


def report_numbers(report: dict[str, Any], *, in_one_row: bool = False) -> None:
    counted = _of_pairs() if "parsed" in report else _of_dialogues()
    places = st.columns(len(counted)) if in_one_row else [*st.columns(4), *st.columns(4)]
    for place, (label, key, help_text) in zip(places, counted, strict=False):
        with place.container(gap=None):
            st.caption(label, help=help_text or None)
            st.text(f"{report.get(key, 0):,}")


def report_tables(report: dict[str, Any]) -> None:
    """Groups and splits, skipped by reason with row numbers, the unreadable rows, and what normalising did."""
    _balance(report)
    if files := report.get("files"):
        with st.expander(_("Files to look at: {n}").format(n=len(files))):
            lines = [{_("File"): visible(file["name"]), _("Note"): visible(file["note"])} for file in files]
            table(pd.DataFrame(lines), hide_index=True)
    if reasons := report.get("reasons"):
        st.markdown(f"**{_('Skipped, by reason')}**")
        numbers = report.get("numbers", {})
        rows = [
            {
                _("Reason"): visible(reason),
                _("Rows"): count,
                _("Row numbers"): _row_numbers(numbers.get(reason, []), count),
            }
            for reason, count in reasons.items()
        ]
        table(pd.DataFrame(rows), hide_index=True)
    if causes := report.get("causes"):
        st.markdown(f"**{_('Why pairs are kept as text')}**")
        lines = [{_("Cause"): visible(cause), _("Rows"): count} for cause, count in causes.items()]
        table(pd.DataFrame(lines), hide_index=True)
    if errors := report.get("errors"):
        with st.expander(_("Unreadable rows, the first {n}").format(n=len(errors))):
            lines = [
                {
                    _("Row"): error["number"],
                    _("Reason"): visible(error["reason"]),
                    _("Detail"): visible(error["detail"]),
                }
                for error in errors
            ]
            table(pd.DataFrame(lines), hide_index=True)
    if notes := report.get("notes"):
        st.markdown(f"**{_('What normalising did')}**")
        lines = [{_("Note"): visible(note), _("Dialogues"): count} for note, count in notes.items()]
        table(pd.DataFrame(lines), hide_index=True)


def _balance(report: dict[str, Any]) -> None:
    """A group's name is the file's own text: never markup."""
    for line in balance_lines(report):
        is_warning = line.startswith(WARNING)
        with st.container(horizontal=True, gap="small", vertical_alignment="top"):
            if is_warning:
                st.markdown(":orange[:material/warning:]", width="content")
            st.text(visible(line.removeprefix(WARNING)))


def _row_numbers(numbers: list[int | str], count: int) -> str:
    shown = ", ".join(str(number) for number in numbers)
    return f"{shown} …" if count > len(numbers) else shown


def settings_lines(dataset: DatasetInfo) -> list[tuple[str, str]]:
    """How the dataset was made, as (what, value)."""
    made = import_settings(dataset.settings)
    known = FORMATS.get(dataset.format)
    lines = [
        (_("File"), dataset.source),
        (_("Format"), PAIRS_TITLE if dataset.kind == "pairs" else known.title if known else dataset.format),
        (_("Licence"), dataset.licence or _("not given")),
        (_("Imported"), f"{dataset.created_at:%Y-%m-%d %H:%M} UTC"),
        (_("Split"), str(made.shares or _("as the source names it, else {shares}").format(shares=Shares()))),
        *([(_("Samples cut from a dialogue"), turn_names()[made.turn])] if dataset.kind == "dialogues" else []),
        (_("Seed"), str(made.seed)),
    ]
    optional = [
        (_("Drawn at random"), made.sample),
        (_("First only"), made.limit),
        (_("Minimum turns"), made.min_turns),
        (_("Only the language"), made.language),
    ]
    return lines + [(what, str(value)) for what, value in optional if value]
