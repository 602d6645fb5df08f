"""Two runs beside each other: their settings and figures, and any sample as both made it."""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from db.jobs.items import ItemCounts
from db.jobs.jobs import JobInfo
from db.synthesis.comparison import Both, branches_of_both, samples_of_both
from db.synthesis.items import OpenedItem, open_item
from db.synthesis.runs import summary
from pages._parts.dialogue import dialogue_pane, plain_text
from pages._parts.jobs.job import model_said, state_names
from pages._parts.pane import PANE_HEIGHT
from pages._parts.synthesis.items import draw_results, filter_names
from pages._parts.tables import pager, pick, table
from pages._parts.text import _, ngettext
from proutt_core.display.numbers import page_count, page_offset, percent
from proutt_core.display.visible import visible
from proutt_core.jobs.bills import bill_of
from proutt_core.runs.bill import shown_money
from proutt_core.runs.comparison import same_branch, setting_differences
from proutt_core.types import BRANCHES, Message

PER_PAGE = 6
ROW = 27  # low rows: the lists are looked through, the panes below them are read
MISSING = "–"


def compare_runs(runs: list[JobInfo], counts: Mapping[int, ItemCounts]) -> None:
    """Two of the runs, chosen here; at first the two newest that have the same dataset."""
    if len(runs) < 2:
        st.text(_("Two runs are compared here. Start the same pilot with another model, or with other thresholds."))
        return
    first, second = _choose(runs)
    if first.id == second.id:
        st.text(_("Choose two different runs."))
        return
    with st.expander(_("Figures, and the settings that differ"), expanded=True):
        _figures(first, second, counts)
    if first.dataset_id != second.dataset_id:
        st.text(_("The runs are of different datasets, so that they share no sample."))
        return
    same, both = same_branch(branches_of_both(first.id, second.id))
    if both:
        sentence = ngettext("{n} sample finished in both runs", "{n} samples finished in both runs", both)
        st.markdown(f"**{sentence.format(n=f'{both:,}')}**")
        st.caption(_("{share} of them ended in the same branch.").format(share=percent(same, both)))
    _samples(first, second)


def _choose(runs: list[JobInfo]) -> tuple[JobInfo, JobInfo]:
    names = [job.public_id for job in runs]
    by_id = {job.public_id: job for job in runs}
    twin = next((n for n, job in enumerate(runs[1:], 1) if job.dataset_id == runs[0].dataset_id), 1)
    left, right = st.columns(2, gap="large")

    def said(public_id: str) -> str:
        return f"{visible(by_id[public_id].name)} · {visible(model_said(by_id[public_id].settings))}"

    first = left.selectbox(_("First run"), names, index=twin, format_func=said, key="compare-first")
    second = right.selectbox(_("Second run"), names, index=0, format_func=said, key="compare-second")
    return by_id[first], by_id[second]


def _figures(first: JobInfo, second: JobInfo, counts: Mapping[int, ItemCounts]) -> None:
    """What came of each, then the settings that differ."""
    columns = [_of_run(job, counts.get(job.id, ItemCounts())) for job in (first, second)]
    rows = [(name, columns[0][name], columns[1][name]) for name in columns[0]]
    rows += [
        (_("Setting {name}").format(name=differs.name), differs.first or MISSING, differs.second or MISSING)
        for differs in setting_differences(first.settings, second.settings)
    ]
    heads = [_("What"), f"1 · {visible(first.name)}", f"2 · {visible(second.name)}"]
    frame = pd.DataFrame([[visible(str(cell)) for cell in row] for row in rows], columns=heads)
    table(frame, hide_index=True, height="content", row_height=ROW)


def _of_run(job: JobInfo, counts: ItemCounts) -> dict[str, str]:
    run, bill, names = summary(job.id), bill_of(job.id), filter_names()
    total = bill.total
    figures = {
        _("State"): state_names()[job.state],
        _("Dataset"): job.dataset or "",
        _("Done, failed, of all"): f"{counts.done:,} · {counts.failed:,} · {counts.total:,}",
        _("Clean pairs"): f"{run.clean:,} ({percent(run.clean, run.done)})",
    }
    for branch in BRANCHES:
        share = percent(run.branches[branch], run.done)
        figures[_("Branch {name}").format(name=names[branch].lower())] = f"{run.branches[branch]:,} ({share})"
    for gate in sorted(run.gate_failures):
        figures.setdefault(_("Gates failed"), "")
        figures[_("Gates failed")] += f"{gate} {run.gate_failures[gate]:,}  "
    figures.setdefault(_("Gates failed"), _("none"))
    figures[_("Calls made, from the log")] = f"{total.calls:,} · {total.cached_calls:,}"
    figures[_("Tokens: prompt, cached, reply")] = (
        f"{total.prompt_tokens:,} · {total.cached_tokens:,} · {total.completion_tokens:,}"
    )
    figures[_("Cost")] = shown_money(total.money, bill.currency) if total.money is None or bill.currency else _("free")
    return figures


def _samples(first: JobInfo, second: JobInfo) -> None:
    scope = st.segmented_control(
        _("Show"),
        ["all", "other"],
        format_func={"all": _("All samples"), "other": _("Ended in another branch")}.__getitem__,
        default="all",
        required=True,
        key="compare-show",
        label_visibility="collapsed",
    )
    pair = f"{first.public_id}-{second.public_id}-{scope}"
    page = st.session_state.get(f"compare-page-{pair}", 1)
    page_of_samples = samples_of_both(
        first.id, second.id, other_branch=scope == "other", offset=page_offset(page, PER_PAGE), limit=PER_PAGE
    )
    if not page_of_samples.samples:
        st.text(_("No such sample."))
        return
    chosen = pick(
        page_of_samples.samples,
        [_row(both) for both in page_of_samples.samples],
        key=f"compare-samples-{pair}-{page}",
        column_config={
            name: st.column_config.NumberColumn(format="%.2f") for name in (_("Similarity 1"), _("Similarity 2"))
        },
        placeholder=MISSING,
        height="content",
        row_height=ROW,
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        pager(page_count(page_of_samples.total, PER_PAGE), key=f"compare-page-{pair}")
        st.caption(ngettext("{n} sample", "{n} samples", page_of_samples.total).format(n=f"{page_of_samples.total:,}"))
    _side_by_side({first.name: open_item(chosen.first.item_id), second.name: open_item(chosen.second.item_id)})


def _row(both: Both) -> dict[str, object]:
    branches: dict[str | None, str | None] = {**filter_names(), None: None}
    return {
        _("Dialogue"): visible(both.external_id),
        _("Cut at"): both.target_index,
        _("Branch 1"): branches[both.first.branch],
        _("Branch 2"): branches[both.second.branch],
        _("Similarity 1"): both.first.top_similarity,
        _("Similarity 2"): both.second.top_similarity,
    }


def _side_by_side(items: Mapping[str, OpenedItem]) -> None:
    """`items`: what each run made of one sample, by the run's name."""
    sample = next(iter(items.values())).sample.sample
    with st.expander(_("The dialogue, and what the user really said next"), expanded=False):
        dialogue_pane(
            [*sample.context, Message(role="user", content=sample.next_utterance)],
            key="compare-dialogue",
            cuts=[len(sample.context)],
        )
    st.caption(_("The user really said"))
    plain_text(sample.next_utterance)
    for n, (place, (run, item)) in enumerate(zip(st.columns(2), items.items(), strict=True), start=1):
        with place, st.container(height=PANE_HEIGHT, border=True, key=f"compare-side-{n}"):
            st.text(f"{n} · {visible(run)}")
            if item.row.error:
                st.text(visible(item.row.error))
            draw_results(item.results)
