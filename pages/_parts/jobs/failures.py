"""What failed in a job, put together by stage and reason; a group opens with its items and the raw replies."""

import hashlib

import pandas as pd
import streamlit as st

from db.jobs import items
from db.jobs.failed_items import FailedItem, failed_items
from db.jobs.jobs import JobInfo
from pages._parts.jobs.job import retry_items
from pages._parts.notices import show_error
from pages._parts.tables import pager, table
from pages._parts.text import _, ngettext
from pages._parts.who import screen_fragment
from proutt_core.display.numbers import page_count, page_offset, percent
from proutt_core.display.visible import visible
from proutt_core.runs.failures import FailureGroup, grouped
from proutt_core.types.calls import Call
from proutt_core.types.job_kinds import KINDS

PER_PAGE = 5
ROW, ROWS_SHOWN = 35, 6
REPLIES_HEIGHT = 420


def draw_failures(job: JobInfo, *, screen: str) -> None:
    """Below the job's progress, on this screen. Of an active job it is drawn again every few seconds, apart from the
    progress."""
    if not job.active:
        _failures(job)
        return

    def again() -> None:
        with show_error():
            _failures(job)

    screen_fragment(screen, run_every="4s")(again)()


def _failures(job: JobInfo) -> None:
    failed = items.failures(job.id, limit=None)
    if not failed:
        return
    groups = grouped(failed)
    st.markdown(f"**{_('Failures')}**")
    shown = KINDS[job.kind].replies_shown
    chosen = _pick_group(job, groups, len(failed), selectable=shown)
    if not shown:
        return
    if chosen is None:
        st.caption(_("Select a row to read what the model replied."))
    else:
        _group(job, chosen)


def _pick_group(job: JobInfo, groups: list[FailureGroup], total: int, *, selectable: bool) -> FailureGroup | None:
    """The chosen group stays chosen when new failures change the order: it is remembered by its key."""
    remembered = f"failure-group-{job.public_id}"
    keys = [group.key for group in groups]
    order = hashlib.sha256("".join(keys).encode()).hexdigest()[:12]
    table_key = f"failures-{job.public_id}-{order}"
    rows = [
        {
            _("Stage"): group.stage,
            _("Items"): group.count,
            _("Share of failures"): percent(group.count, total),
            _("Reason, of the first"): visible(group.reason),
        }
        for group in groups
    ]
    look = {
        "hide_index": True,
        "height": ROW * (min(len(rows), ROWS_SHOWN) + 1) + 2,
        "column_config": {
            _("Stage"): st.column_config.TextColumn(width=130),
            _("Items"): st.column_config.NumberColumn(width=70),
            _("Share of failures"): st.column_config.TextColumn(width=120, alignment="right"),
            _("Reason, of the first"): st.column_config.TextColumn(width=800),
        },
    }
    if not selectable:
        table(pd.DataFrame(rows), **look)  # type: ignore[call-overload]
        return None

    def remember() -> None:
        picked = st.session_state[table_key].selection.rows
        st.session_state[remembered] = keys[picked[0]] if picked else None

    before = st.session_state.get(remembered)
    rows_before = [keys.index(before)] if before in keys else []
    chosen = table(  # type: ignore[call-overload]
        pd.DataFrame(rows),
        on_select=remember,
        selection_mode="single-row",
        selection_default={"selection": {"rows": rows_before, "columns": [], "cells": []}},
        key=table_key,
        **look,
    ).selection.rows
    return groups[chosen[0]] if chosen else None


def _group(job: JobInfo, group: FailureGroup) -> None:
    page_key = f"failed-page-{job.public_id}-{group.key}"
    pages = page_count(group.count, PER_PAGE)
    start = page_offset(min(st.session_state.get(page_key, 1), pages), PER_PAGE)
    with st.container(horizontal=True, vertical_alignment="center"):
        if pages > 1:
            pager(pages, key=page_key)
        st.caption(ngettext("{n} item", "{n} items", group.count).format(n=f"{group.count:,}"))
        if not job.active:
            st.button(
                ngettext("Retry this one", "Retry these {n}", group.count).format(n=f"{group.count:,}"),
                key=f"retry-{job.public_id}-{group.key}",
                icon=":material/replay:",
                on_click=retry_items,
                args=(job.id, group.item_ids),
            )
    with st.container(height=REPLIES_HEIGHT, border=True):
        for item in failed_items(job.id, group.item_ids[start : start + PER_PAGE]):
            _item(item)


def _item(item: FailedItem) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{_('No. {n}').format(n=f'{item.position + 1:,}')}**", width="content")
        st.text(visible(item.dialogue), width="content")
    st.text(visible(item.reason))
    if not item.calls:
        st.caption(_("No reply is stored: none of the stage's calls was answered, or none was made."))
    for call in item.calls:
        _reply(call)


def _reply(call: Call) -> None:
    st.caption(_("Raw reply of {stage}, attempt {n}").format(stage=f"`{call.stage}`", n=call.attempt))
    if call.problem:
        st.text(visible(call.problem))
    if call.answer.text:
        st.code(visible(call.answer.text), language=None, wrap_lines=True)
    else:
        st.caption(_("Nothing came."))
