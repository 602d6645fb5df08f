"""A job on screen: its state in words, live progress with its buttons, and what failed."""

from collections.abc import Callable, Mapping
from typing import Literal

import pandas as pd
import streamlit as st

from db import items, jobs
from db.items import ItemCounts
from db.jobs import JobInfo
from db.progress import ended_lately
from db.workers import living
from pages._shared import acting, show_error
from pages._text import _, ngettext
from proutt_core.llm.choice import kind_of
from proutt_core.progress import LATELY_S, Duration, duration, grouped, pace, percent
from proutt_core.types import AccountRole
from proutt_core.visible import visible

RESEARCH: tuple[AccountRole, ...] = ("researcher", "admin")
FAILURES_READ = 1000
LOOKS: dict[str, tuple[Literal["gray", "primary", "orange", "green", "red"], str]] = {
    "queued": ("gray", "schedule"),
    "running": ("primary", "play_circle"),
    "paused": ("orange", "pause_circle"),
    "cancelled": ("gray", "cancel"),
    "done": ("green", "check_circle"),
    "failed": ("red", "error"),
}


def state_names() -> dict[str, str]:
    return {
        "queued": _("waiting"),
        "running": _("running"),
        "paused": _("paused"),
        "cancelled": _("cancelled"),
        "done": _("done"),
        "failed": _("failed"),
    }


def state_mark(state: str) -> str:
    """Markup for the state: an icon and a word, so that it is not told by colour alone."""
    colour, icon = LOOKS[state]
    return f":{colour}[:material/{icon}: {state_names()[state]}]"


def model_said(settings: Mapping[str, object]) -> str:
    """The model that a run or method was given, a baseline named as such."""
    spec = str(settings.get("model") or "")
    if kind_of(spec) == "baseline":
        return _("{model} (baseline)").format(model=spec)
    base_url = settings.get("base_url")
    return _("{model} at {address}").format(model=spec, address=base_url) if base_url else spec


def duration_said(long: Duration) -> str:
    return {
        "seconds": ngettext("{n} second", "{n} seconds", long.n),
        "minutes": ngettext("{n} minute", "{n} minutes", long.n),
        "hours": ngettext("{n} hour", "{n} hours", long.n),
        "days": ngettext("{n} day", "{n} days", long.n),
    }[long.unit].format(n=f"{long.n:,}")


def follow(job: JobInfo, draw: Callable[[JobInfo], None]) -> None:
    """Draws the job, again every second while it is active; when its state changes, the whole page.

    The whole page also when the last worker dies or the first comes: what it says about workers stands elsewhere on it.
    """
    if not job.active:
        draw(job)
        return
    worked_on = bool(living())

    def again() -> None:
        now = jobs.required(job.id)
        if now.state != job.state or bool(living()) != worked_on:
            st.rerun()
        with show_error():
            draw(now)

    st.fragment(again, run_every="1s")()


def job_head(job: JobInfo) -> None:
    """The job's name and state in one line."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.text(visible(job.name), width="content")
        st.markdown(state_mark(job.state), width="content")
        if kind_of(str(job.settings.get("model", ""))) == "baseline":
            st.badge(_("baseline: text rules, no language model"), color="gray")


def draw_progress(job: JobInfo) -> None:
    """How far an itemised job is, the buttons that its state allows, and what failed so far."""
    counts = items.counts(job.id)
    told = [
        _("{done} of {total} done").format(done=f"{counts.done:,}", total=f"{counts.total:,}"),
        _("{n} failed").format(n=f"{counts.failed:,}"),
    ]
    if job.state == "running":
        told += _speed(job, counts)
    st.progress(counts.finished / counts.total if counts.total else 0.0, text=" · ".join(told))
    if job.reason:
        st.text(visible(job.reason))
    draw_buttons(job, retry=counts.failed if not job.active else 0)
    if counts.failed:
        _draw_failures(job)


def _speed(job: JobInfo, counts: ItemCounts) -> list[str]:
    lately = ended_lately(job.id, within_s=LATELY_S)
    left = counts.total - counts.finished
    found = pace(ended=lately.ended, first=lately.first, now=lately.at, left=left)
    if found.per_minute is None or found.seconds_left is None:
        return []
    speed = _("{n} a minute").format(n=f"{found.per_minute:,.0f}")
    return [speed, _("about {time} left").format(time=duration_said(duration(found.seconds_left)))]


def draw_buttons(job: JobInfo, *, retry: int = 0) -> None:
    """What may be done with the job now. Each click goes to this job, whatever the page shows by then."""
    offered: list[tuple[str, str, str, Callable[[int], object]]] = []
    if job.active and job.kind != "import":
        offered.append((_("Pause"), "pause", "pause", jobs.pause))
    if job.state in ("paused", "cancelled", "failed"):
        label = _("Try again") if job.kind == "import" else _("Resume")
        offered.append((label, "resume", "play_arrow", jobs.resume))
    if job.active or job.state == "paused":
        offered.append((_("Cancel"), "cancel", "cancel", jobs.cancel))
    if retry:
        label = ngettext("Retry {n} failed", "Retry {n} failed", retry).format(n=f"{retry:,}")
        offered.append((label, "retry", "replay", items.retry_failed))
    if not offered:
        return
    with st.container(horizontal=True):
        for label, name, icon, change in offered:
            st.button(
                label,
                key=f"{name}-{job.public_id}",
                icon=f":material/{icon}:",
                on_click=_change,
                args=(change, job.id),
            )


def _change(change: Callable[[int], object], job_id: int) -> None:
    with show_error():
        acting(*RESEARCH)
        change(job_id)


def _draw_failures(job: JobInfo) -> None:
    failed = items.failures(job.id, limit=FAILURES_READ)
    st.markdown(f"**{_('Failures')}**")
    table = [
        {
            _("Stage"): group.stage,
            _("Items"): group.count,
            _("Share of failures"): percent(group.count, len(failed)),
            _("Reason, of the first"): visible(group.reason),
        }
        for group in grouped(failed)
    ]
    st.dataframe(pd.DataFrame(table), hide_index=True)
    if len(failed) == FAILURES_READ:
        st.caption(_("Of the first {n} failures.").format(n=f"{FAILURES_READ:,}"))
