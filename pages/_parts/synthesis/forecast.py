"""What a run would take: calls, money, time and people's hours, told before anything is started."""

import streamlit as st

from db.datasets import datasets
from db.jobs import items
from db.jobs.jobs import JobInfo
from pages._parts.jobs.job import duration_said
from pages._parts.notices import show_error
from pages._parts.text import _, ngettext
from pages._parts.who import acting
from proutt_core.actions.forecast import forecast_run
from proutt_core.actions.synthesis import start_synthesis
from proutt_core.display.visible import visible
from proutt_core.runs.bill import shown_money
from proutt_core.runs.forecast import Forecast
from proutt_core.runs.pace import duration
from proutt_core.runs.request import RunRequest, RunSettings


def draw_estimate(request: RunRequest) -> None:
    """Raises what `forecast_run` does."""
    forecast = forecast_run(request)
    with st.container(border=True):
        _figures(forecast)
        with st.expander(_("What this assumes")):
            _assumptions(forecast)


def _figures(forecast: Forecast) -> None:
    money = _("unknown")
    if forecast.money is not None:
        money = shown_money(forecast.money.likely, forecast.currency) if forecast.currency else _("nothing")
    figures = [
        (_("Items"), f"{forecast.items:,}"),
        (_("Calls, about"), f"{forecast.calls:,}"),
        (_("Cost, about"), money),
        (_("Time, about"), duration_said(duration(forecast.seconds))),
        (_("Reviewing, about"), duration_said(duration(forecast.reviewing_hours * 3600))),
    ]
    for place, (label, value) in zip(st.columns(len(figures)), figures, strict=True):
        with place, st.container(gap=None):
            st.caption(label)
            st.text(value)


def _assumptions(forecast: Forecast) -> None:
    lines = []
    if forecast.money is None:
        lines.append(forecast.price_note)
    elif forecast.currency:
        lines.append(
            _("Cost: between {low} and {high}.").format(
                low=shown_money(forecast.money.low, forecast.currency),
                high=shown_money(forecast.money.high, forecast.currency),
            )
        )
    lines.append(
        _("Tokens: {prompt} to read, of them {cached} cached, {reply} to write.").format(
            prompt=f"{forecast.prompt_tokens:,}",
            cached=f"{forecast.cached_tokens:,}",
            reply=f"{forecast.completion_tokens:,}",
        )
    )
    with st.container(gap="xxsmall"):
        for sentence in (*lines, *forecast.assumptions):
            st.text(visible(sentence))


def go_on_form(job: JobInfo) -> None:
    """After a pilot: the rest under the same name, with what it would take."""
    dataset = datasets.get(job.dataset_id or 0)
    if dataset is None:
        return
    settings = RunSettings.from_stored(job.settings)
    left = dataset.samples_in(settings.split) - items.counts(job.id).total
    if left <= 0:
        return
    with st.expander(
        ngettext("Go on with the {n} sample left", "Go on with the {n} samples left", left).format(n=f"{left:,}"),
        key=f"go-on-{job.public_id}",
        on_change="rerun",
        icon=":material/fast_forward:",
    ) as box:
        if not box.open:
            return
        with show_error():
            request = RunRequest.resuming(settings, dataset=dataset.name, run=job.name, concurrency=job.concurrency)
            draw_estimate(request)
            if st.button(_("Go on"), icon=":material/play_arrow:", key=f"go-on-go-{job.public_id}"):
                who = acting("synthesis")
                start_synthesis(request, created_by=who.id)
                st.rerun()
