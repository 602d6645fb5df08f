"""A job on screen: its state in words, live progress with what it cost so far, and its buttons."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Literal

import streamlit as st

from db.jobs import items, jobs
from db.jobs.items import ItemCounts
from db.jobs.jobs import JobInfo
from db.jobs.progress import ended_lately
from db.jobs.workers import living
from db.synthesis.runs import removable, remove_run
from pages._parts.notices import show_error
from pages._parts.tables import fact_row
from pages._parts.text import _, ngettext
from pages._parts.who import acting, screen_fragment
from proutt_core.display.numbers import percent, short
from proutt_core.display.visible import visible
from proutt_core.jobs.bills import bill_of
from proutt_core.llm.providers.model_ref import ModelRef
from proutt_core.runs.bill import Bill, shown_money
from proutt_core.runs.pace import LATELY_S, Duration, duration, pace
from proutt_core.types.job_kinds import KINDS

LOOKS: dict[str, tuple[Literal["gray", "primary", "orange", "green", "red"], str]] = {
    "queued": ("gray", "schedule"),
    "running": ("primary", "play_circle"),
    "paused": ("orange", "pause_circle"),
    "cancelled": ("gray", "cancel"),
    "done": ("green", "check_circle"),
    "failed": ("red", "error"),
}
# What a button does to a job, and for whom it is noted.
Change = Callable[..., object]


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
    """The model that a run or method was given, a baseline named as such; "" where it has none."""
    model = ModelRef.named_in(settings)
    if model is None:
        return ""
    if model.is_baseline:
        return _("{model} (baseline)").format(model=model.spec)
    return _("{model} at {address}").format(model=model.spec, address=model.base_url) if model.base_url else model.spec


def duration_said(long: Duration) -> str:
    return {
        "seconds": ngettext("{n} second", "{n} seconds", long.n),
        "minutes": ngettext("{n} minute", "{n} minutes", long.n),
        "hours": ngettext("{n} hour", "{n} hours", long.n),
        "days": ngettext("{n} day", "{n} days", long.n),
    }[long.unit].format(n=f"{long.n:,}")


def follow(job: JobInfo, draw: Callable[[JobInfo], None], *, screen: str) -> None:
    """Draws the job on this screen, again every second while it moves; when its state changes, the whole page.

    The whole page also when the last worker dies or the first comes: what it says about workers stands elsewhere on it.
    """
    if not _moves(job):
        draw(job)
        return
    worked_on = bool(living())

    def again() -> None:
        now = jobs.required(job.id)
        if now.state != job.state or not _moves(now) or bool(living()) != worked_on:
            st.rerun()
        with show_error():
            draw(now)

    screen_fragment(screen, run_every="1s")(again)()


def _moves(job: JobInfo) -> bool:
    """Whether its figures may still change: also of a job that was stopped while calls were under way."""
    return job.active or (not KINDS[job.kind].whole and items.leased_now(job.id))


def job_head(job: JobInfo) -> None:
    """The job's name and state in one line."""
    with st.container(horizontal=True, vertical_alignment="center"):
        _name_and_state(job)


def _name_and_state(job: JobInfo) -> None:
    st.text(visible(job.name), width="content")
    st.markdown(state_mark(job.state), width="content")
    model = ModelRef.named_in(job.settings)
    if model is not None and model.is_baseline:
        st.badge(_("baseline: text rules, no language model"), color="gray")


def draw_progress(job: JobInfo) -> None:
    """An itemised job: name and state beside the buttons that it allows, how far it is, what it cost so far, and why it
    stands still."""
    counts = items.counts(job.id)
    facts = [
        _("{done} of {total} done").format(done=f"{counts.done:,}", total=f"{counts.total:,}"),
        _("{n} failed").format(n=f"{counts.failed:,}"),
    ]
    if job.state == "running":
        facts += _speed(job, counts)
    with st.container(horizontal=True, vertical_alignment="center"):
        _name_and_state(job)
        if job.state == "done":
            st.text(" · ".join(facts), width="content")
        st.space("stretch")
        draw_buttons(job, retry=counts.failed if not job.active else 0)
    bill = bill_of(job.id)
    if job.state != "done":
        st.progress(counts.finished / counts.total if counts.total else 0.0, text=" · ".join(facts))
        fact_row(_so_far(job, counts, bill))
        _standstill(job)
    _lost_schemas(bill)


def _speed(job: JobInfo, counts: ItemCounts) -> list[str]:
    lately = ended_lately(job.id, within_s=LATELY_S)
    left = counts.total - counts.finished
    measured = pace(ended=lately.ended, first=lately.first, now=lately.at, left=left)
    if measured.per_minute is None or measured.seconds_left is None:
        return []
    speed = _("{n} a minute").format(n=f"{measured.per_minute:,.0f}")
    return [speed, _("about {time} left").format(time=duration_said(duration(measured.seconds_left)))]


def _so_far(job: JobInfo, counts: ItemCounts, bill: Bill) -> list[tuple[str, str]]:
    total = bill.total
    limit = _(" of {limit}").format(limit=f"{job.max_calls:,}") if job.max_calls is not None else ""
    return [
        (_("Items under way"), f"{counts.running:,}"),
        (_("Calls made"), f"{total.calls:,}{limit}"),
        (_("From the log"), f"{total.cached_calls:,}"),
        (_("Prompt tokens"), short(total.prompt_tokens)),
        (
            _("of them cached"),
            f"{short(total.cached_tokens)} ({percent(total.cached_tokens, total.prompt_tokens)})",
        ),
        (_("Reply tokens"), short(total.completion_tokens)),
        (_("Money"), money_said(bill, limit=job.max_cost)),
    ]


def money_said(bill: Bill, *, limit: float | None = None) -> str:
    """What was paid so far; where that is not known, that it is not."""
    if bill.total.money is None:
        said = _("no price known")
    elif not bill.currency:
        said = _("free")
    else:
        said = shown_money(bill.total.money, bill.currency)
        said = _("at least {money}").format(money=said) if bill.at_least else said
    if limit is None:
        return said
    return said + _(" of {limit}").format(limit=shown_money(limit, bill.currency))


def _lost_schemas(bill: Bill) -> None:
    """Replies that nothing held to their form: they are worse, and nothing else would tell why."""
    lost = [stage for stage in bill.stages if stage.calls_without_schema]
    if lost:
        stages = ", ".join(
            _("{stage} {n} of {calls}").format(stage=stage.stage, n=stage.calls_without_schema, calls=stage.calls)
            for stage in lost
        )
        warning = _("Calls asked for without the schema, which the server refused: {stages}.").format(stages=stages)
        st.warning(warning + " " + _("Check the model to see what its server takes."), icon=":material/rule:")


def _standstill(job: JobInfo) -> None:
    """Why it does not go on, and what to do then."""
    if job.reason and job.halt not in ("calls", "money"):  # the advice says that, in this page's words
        st.text(visible(job.reason))
    advice = {
        "calls": _("The limit of calls is reached. Raise it to go on; nothing that was done is lost."),
        "money": _("The limit of money is reached. Raise it to go on; nothing that was done is lost."),
        "price": _("Set the model's price in the tab Prices, or take the limit of money away, then resume."),
        "server": _("Look whether the server is up and answers at that address, then resume. No item was lost."),
        "person": _("Paused by hand. Resume goes on where it stopped."),
        "refused": _(
            "Put right what is said above, then resume: what is done stays. A key is read when the worker starts, so"
            " after changing .env start the worker anew."
        ),
    }
    if job.halt and job.state != "cancelled":
        st.caption(advice[job.halt])
    if job.halt in ("calls", "money", "price"):
        _limits_form(job)


def _limits_form(job: JobInfo) -> None:
    """New limits for a run that reached one; saving them also resumes it."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        calls = st.number_input(
            _("Most calls"),
            min_value=1,
            value=job.max_calls,
            placeholder=_("no limit"),
            width=180,
            key=f"max-calls-{job.public_id}",
        )
        money = st.number_input(
            _("Most money, in the price's currency"),
            min_value=0.01,
            value=job.max_cost,
            placeholder=_("no limit"),
            width=260,
            key=f"max-cost-{job.public_id}",
        )
        change = partial(_resume_within, max_calls=calls, max_cost=money)
        st.button(
            _("Set the limits and resume"),
            key=f"limits-{job.public_id}",
            type="primary",
            on_click=_change,
            args=(change, job.id),
        )


def _resume_within(job_id: int, *, max_calls: int | None, max_cost: float | None, user_id: int | None) -> None:
    jobs.set_limits(job_id, max_calls=max_calls, max_cost=max_cost, user_id=user_id)
    jobs.resume(job_id, user_id=user_id)


def draw_buttons(job: JobInfo, *, retry: int = 0) -> None:
    """What may be done with the job now. Each click goes to this job, whatever the page shows by then."""
    offered: list[tuple[str, str, str, Change]] = []
    kind = KINDS[job.kind]
    if job.active and kind.pausable:
        offered.append((_("Pause"), "pause", "pause", jobs.pause))
    # Where a limit is reached, the form that raises it resumes.
    if job.state in ("paused", "cancelled", "failed") and job.halt not in ("calls", "money"):
        label = _("Resume") if kind.pausable else _("Try again")
        offered.append((label, "resume", "play_arrow", jobs.resume))
    if job.active or job.state == "paused":
        offered.append((_("Cancel"), "cancel", "cancel", jobs.cancel))
    if retry:
        label = ngettext("Retry {n} failed", "Retry {n} failed", retry).format(n=f"{retry:,}")
        offered.append((label, "retry", "replay", items.retry_failed))
    remove = kind.removable and not job.active and removable(job.id)
    if not offered and not remove:
        return
    with st.container(horizontal=True, width="content"):
        for label, name, icon, change in offered:
            st.button(
                label,
                key=f"{name}-{job.public_id}",
                icon=f":material/{icon}:",
                on_click=_change,
                args=(change, job.id),
            )
        if remove:
            _remove(job)


def _remove(job: JobInfo) -> None:
    with st.popover(_("Remove…"), icon=":material/delete:", key=f"removing-{job.public_id}"):
        st.text(_("Nothing came of this run. Removing it frees its name and cannot be undone."))
        st.button(
            _("Remove the run"),
            key=f"remove-{job.public_id}",
            type="primary",
            on_click=_change,
            args=(remove_run, job.id),
        )


def _change(change: Change, job_id: int) -> None:
    with show_error():
        who = acting("synthesis")
        change(job_id, user_id=who.id)


def retry_items(job_id: int, item_ids: tuple[int, ...]) -> None:
    """For a button: those of these items that failed are to be tried again."""
    _change(partial(items.retry_failed, item_ids=item_ids), job_id)
