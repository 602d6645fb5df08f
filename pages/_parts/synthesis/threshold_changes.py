"""What other thresholds would change in a run: its branches, new calls and their cost; and the run that tries them."""

from collections.abc import Sequence

import streamlit as st

from db.jobs import jobs
from db.jobs.jobs import JobInfo
from db.synthesis.similarities import scores_below
from pages._parts.notices import show_error
from pages._parts.synthesis.items import filter_names
from pages._parts.tables import fact_table
from pages._parts.text import _, ngettext
from pages._parts.who import acting
from proutt_core.actions.synthesis import start_with_thresholds
from proutt_core.display.names import free_name
from proutt_core.display.numbers import percent
from proutt_core.jobs.bills import bill_of
from proutt_core.runs.bill import shown_money
from proutt_core.runs.request import RunSettings
from proutt_core.runs.thresholds import (
    NewCalls,
    Similarity,
    branch_counts,
    expected_money,
    moved,
    new_calls,
    views_at_top,
)
from proutt_core.types import BRANCHES, Thresholds


def threshold_changes(job: JobInfo, similarities: Sequence[Similarity], own: Thresholds, new: Thresholds) -> None:
    """How the branches change, and what that would cost."""
    before, after, names = branch_counts(similarities, own), branch_counts(similarities, new), filter_names()
    st.markdown(f"**{_('Branches')}**")
    fact_table(
        [
            (
                names[branch],
                f"{after[branch]:,} ({percent(after[branch], len(similarities))})"
                + ("" if after[branch] == before[branch] else " · " + _("was {n}").format(n=f"{before[branch]:,}")),
            )
            for branch in BRANCHES
        ]
    )
    if new == own:
        st.caption(_("These are the run's own thresholds. Move them to see what others would change."))
        return
    changes = moved(similarities, own, new)
    st.markdown(f"**{_('What would change')}**")
    lines = [
        (
            _("{old} to {new}").format(old=names[left].lower(), new=names[entered].lower()),
            ngettext("{n} pair", "{n} pairs", n).format(n=f"{n:,}"),
        )
        for (left, entered), n in sorted(changes.items())
    ]
    fact_table(lines or [(_("Pairs"), _("none changes branch"))])
    done = len(similarities)
    leave_low = _views(job.public_id, job.id, below=own.tau_low, done=done) if new.tau_low < own.tau_low else {}
    _cost(
        job, new_calls(similarities, own, new, views=leave_low, without=RunSettings.from_stored(job.settings).without)
    )
    _start(job, new, done)


@st.cache_resource(show_spinner=False, max_entries=8)
def _views(public_id: str, job_id: int, *, below: float, done: int) -> dict[int, int]:
    """Item → in how many views a prediction has its top similarity, of those below the line. Read anew whenever more
    items are `done`; what is done stays as it is."""
    return {item_id: views_at_top(scores) for item_id, scores in scores_below(job_id, line=below).items()}


def _cost(job: JobInfo, calls: NewCalls) -> None:
    fact_table([(_("New calls"), _calls_text(calls)), (_("Cost"), _money_text(job, calls))])


def _calls_text(calls: NewCalls) -> str:
    if not calls.total:
        return _("none: the call log has them all")
    return _("{n} ({wrong} wrong_path, {revise} revise)").format(
        n=f"{calls.total:,}", wrong=f"{calls.wrong_path:,}", revise=f"{calls.revise:,}"
    )


def _money_text(job: JobInfo, calls: NewCalls) -> str:
    bill = bill_of(job.id)
    money = expected_money(calls, bill)
    if money is None:
        return _("unknown: no price, or no such call was made yet")
    return shown_money(money, bill.currency) if bill.currency or money else _("nothing: the model is free")


def _start(job: JobInfo, new: Thresholds, done: int) -> None:
    """Another run with these thresholds; it shares the call log, so that only missing revisions are asked."""
    names = [run.name for run in jobs.list_jobs(kind="synthesis")]
    suggested = free_name(f"{job.name} {new.tau_low:g}-{new.tau_high:g}", names)
    name = st.text_input(_("Name of the new run"), value=suggested, max_chars=100, key=f"tau-name-{suggested}")
    st.caption(
        ngettext(
            "The same settings and {n} sample, these thresholds.",
            "The same settings and {n} samples, these thresholds.",
            done,
        ).format(n=f"{done:,}")
    )
    if st.button(_("Start this run"), icon=":material/play_arrow:", key="tau-go"):
        with show_error():
            who = acting("thresholds")
            start_with_thresholds(job.id, run=(name or "").strip(), thresholds=new, created_by=who.id)
            st.switch_page("synthesis.py")
