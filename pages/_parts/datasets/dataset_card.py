"""The datasets as a table, and the chosen one: what became of its rows, what it may be used for, its checks."""

import streamlit as st

from db.datasets.datasets import DatasetInfo
from db.datasets.dialogues import languages
from db.datasets.uses import uses
from pages._parts.datasets.import_report import report_numbers, report_tables, settings_lines
from pages._parts.datasets.licence import draw_licence
from pages._parts.datasets.near_duplicates import draw_near_duplicates
from pages._parts.datasets.personal_data import draw_personal_data, what_was_done
from pages._parts.datasets.removal import draw_removal
from pages._parts.datasets.tabs import no_dialogues_yet, read_button
from pages._parts.notices import show_error
from pages._parts.synthesis.export_box import dataset_export_box
from pages._parts.tables import counts_text, fact_table, pick
from pages._parts.text import _
from proutt_core.display.visible import visible
from proutt_core.types import SPLITS


def draw_datasets(datasets: list[DatasetInfo]) -> None:
    """All of them as a table, and the chosen one with its report, its checks and, of pairs, its export."""
    if not datasets:
        no_dialogues_yet()
        return
    dataset = _dataset_table(datasets)
    with st.container(border=True):
        _card(dataset)
    if dataset.kind == "dialogues":
        _draw_checks(dataset)
    else:
        with st.container(border=True), show_error():
            st.markdown(f"**{_('Export for training')}**")
            dataset_export_box(dataset)
    draw_removal(dataset)


def _card(dataset: DatasetInfo) -> None:
    heading, button = st.columns([5, 1.6], vertical_alignment="center")
    with heading:
        st.text(visible(dataset.name))
    if dataset.kind == "dialogues":
        with button:
            read_button(dataset.id, width="stretch")
    else:
        button.page_link("pairs.py", label=_("Read its pairs"), icon=":material/compare_arrows:")
    report_numbers(dataset.report, in_one_row=True)
    left, right = st.columns([1, 1.2], gap="large")
    with left:
        fact_table(settings_lines(dataset))
    with right:
        fact_table(
            [(_("Samples by split"), _by_split(dataset.samples_by_split))]
            if dataset.kind == "dialogues"
            else [(_("Pairs by split"), _by_split(dataset.pairs_by_split))]
        )
        report_tables(dataset.report)
    draw_licence(dataset)


def _dataset_table(datasets: list[DatasetInfo]) -> DatasetInfo:
    """All datasets; the one in the chosen row, or the newest."""
    with_pairs = any(dataset.kind == "pairs" for dataset in datasets)
    rows = [
        {
            _("Name"): visible(dataset.name),
            _("Public title"): visible(dataset.public_title),
            _("Dialogues"): dataset.dialogues,
            _("Samples"): dataset.samples,
            **({_("Pairs"): dataset.pairs} if with_pairs else {}),
            **{split: (dataset.pairs_by_split or dataset.dialogues_by_split).get(split, 0) for split in SPLITS},
            _("Languages"): counts_text(languages(dataset.id)),
            _("Imported"): f"{dataset.created_at:%Y-%m-%d %H:%M}",
        }
        for dataset in datasets
    ]
    return pick(datasets, rows, key=f"datasets-{datasets[0].name}")


def _draw_checks(dataset: DatasetInfo) -> None:
    what_was_done()
    used_by = uses(dataset.id)
    with st.container(border=True):
        draw_personal_data(dataset, used_by)
    with st.container(border=True):
        draw_near_duplicates(dataset, used_by)


def _by_split(counts: dict[str, int]) -> str:
    return counts_text({split: counts.get(split, 0) for split in SPLITS})
