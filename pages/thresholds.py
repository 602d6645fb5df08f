"""Thresholds: where a run's pairs stand on the scale of top similarity, and what other lines would make of them."""

from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from db.jobs import items, jobs
from db.jobs.jobs import JobInfo
from db.synthesis import similarities
from db.synthesis.items import OpenedItem, open_item
from pages._parts.dialogue import plain_text
from pages._parts.jobs.job import RESEARCH, model_said
from pages._parts.notices import show_error
from pages._parts.synthesis.items import filter_names
from pages._parts.tables import fact_table
from pages._parts.text import _, ngettext
from pages._parts.who import acting, require_role
from proutt_core.actions.synthesis import start_with_thresholds
from proutt_core.display.names import free_name
from proutt_core.display.numbers import percent
from proutt_core.display.visible import visible
from proutt_core.jobs.bills import bill_of
from proutt_core.runs.bill import shown_money
from proutt_core.runs.thresholds import (
    NewCalls,
    Similarity,
    beside,
    branch_counts,
    expected_money,
    histogram,
    moved,
    new_calls,
    views_at_top,
    worries,
)
from proutt_core.types import BRANCHES, Branch, Thresholds

# Each at AA contrast on its theme's page; the branches differ in lightness too, so that they are not told by hue alone.
COLOURS: dict[str, dict[Branch, str]] = {
    "light": {"high": "#1f5646", "mid": "#5f9e8a", "low": "#8c5a1f"},
    "dark": {"high": "#a7e0cd", "mid": "#5a9c87", "low": "#e0b070"},
}
LINES = {"light": "#22261f", "dark": "#e8ebe6"}
CHART_PX = 260
SLIDER_ENDS = 6  # pixels between the slider's column and its ends
EXAMPLES = 3


@st.fragment
@show_error()
def draw(job: JobInfo) -> None:
    similar = _similarities(job.public_id, job.id, done=items.counts(job.id).done)
    if not similar:
        st.text(_("No item of this run is done yet."))
        return
    own = Thresholds(tau_high=job.settings["tau_high"], tau_low=job.settings["tau_low"])
    _explore(job, similar, own)


@st.cache_data(show_spinner=False, max_entries=8)
def _similarities(public_id: str, job_id: int, *, done: int) -> tuple[Similarity, ...]:
    """Read anew whenever more items are `done`; what is done stays as it is."""
    return tuple(
        Similarity(item_id=one.item_id, top=one.top, views=views_at_top(one.scores))
        for one in similarities.of_run(job_id)
    )


def _explore(job: JobInfo, found: Sequence[Similarity], own: Thresholds) -> None:
    left, right = st.columns([1.55, 1], gap="large")
    with left:
        low, high = st.slider(
            _("tau_low, tau_high"),
            min_value=0.0,
            max_value=1.0,
            value=(own.tau_low, own.tau_high),
            step=0.01,
            key=f"tau-{job.public_id}",
        )
        wanted = Thresholds(tau_high=high, tau_low=low)
        st.plotly_chart(
            _chart(found, own, wanted),
            key=f"tau-chart-{job.public_id}",
            config={"displayModeBar": False},
            alt=_("How many items have which top similarity"),
        )
        for worry, about in worries(found, wanted):
            st.markdown(f":orange[:material/warning:] {_worry(worry, about)}")
    with right:
        _change(job, found, own, wanted)
    st.divider()
    _examples(found, wanted)


def _chart(found: Sequence[Similarity], own: Thresholds, wanted: Thresholds) -> go.Figure:
    theme = "dark" if st.context.theme.type == "dark" else "light"
    bars, names = histogram(found, wanted), filter_names()
    figure = go.Figure(
        [
            go.Bar(
                x=[(bar.low + bar.high) / 2 for bar in bars],
                y=[bar.counts[branch] for bar in bars],
                width=[0.94 * (bar.high - bar.low) for bar in bars],
                name=names[branch],
                marker_color=COLOURS[theme][branch],
                customdata=[f"{bar.low:.2f}–{bar.high:.2f}" for bar in bars],
                hovertemplate="%{customdata}: %{y}",
            )
            for branch in reversed(BRANCHES)
        ]
    )
    for name, tau, was in (("tau_low", wanted.tau_low, own.tau_low), ("tau_high", wanted.tau_high, own.tau_high)):
        figure.add_vline(x=tau, line_width=2, line_color=LINES[theme], annotation_text=name, annotation_position="top")
        if was != tau:
            figure.add_vline(x=was, line_width=1, line_dash="dot", line_color=LINES[theme])
    figure.update_layout(
        barmode="stack",
        height=CHART_PX,
        margin={"l": SLIDER_ENDS, "r": SLIDER_ENDS, "t": 26, "b": 0},
        legend={"orientation": "h", "y": -0.22, "traceorder": "normal"},
        xaxis={"range": [0, 1], "title": None, "dtick": 0.1, "ticklabeloverflow": "allow"},
        # Inside, so that the axis is as long as the slider above it and each thumb stands over its line.
        yaxis={"title": None, "ticklabelposition": "inside top", "ticklabeloverflow": "allow"},
    )
    return figure


def _change(job: JobInfo, found: Sequence[Similarity], own: Thresholds, wanted: Thresholds) -> None:
    """How the branches change, and what that would cost."""
    before, after, names = branch_counts(found, own), branch_counts(found, wanted), filter_names()
    st.markdown(f"**{_('Branches')}**")
    fact_table(
        [
            (
                names[branch],
                f"{after[branch]:,} ({percent(after[branch], len(found))})"
                + ("" if after[branch] == before[branch] else " · " + _("was {n}").format(n=f"{before[branch]:,}")),
            )
            for branch in BRANCHES
        ]
    )
    if wanted == own:
        st.caption(_("These are the run's own thresholds. Move them to see what others would change."))
        return
    changes = moved(found, own, wanted)
    st.markdown(f"**{_('What would change')}**")
    told = [
        (
            _("{old} to {new}").format(old=names[old].lower(), new=names[new].lower()),
            ngettext("{n} pair", "{n} pairs", n).format(n=f"{n:,}"),
        )
        for (old, new), n in sorted(changes.items())
    ]
    fact_table(told or [(_("Pairs"), _("none changes branch"))])
    _cost(job, new_calls(found, own, wanted, without=job.settings.get("without", ())))
    _start(job, wanted, len(found))


def _cost(job: JobInfo, calls: NewCalls) -> None:
    fact_table([(_("New calls"), _calls_said(calls)), (_("Cost"), _money_said(job, calls))])


def _calls_said(calls: NewCalls) -> str:
    if not calls.total:
        return _("none: the call log has them all")
    return _("{n} ({wrong} wrong_path, {revise} revise)").format(
        n=f"{calls.total:,}", wrong=f"{calls.wrong_path:,}", revise=f"{calls.revise:,}"
    )


def _money_said(job: JobInfo, calls: NewCalls) -> str:
    bill = bill_of(job.id)
    money = expected_money(calls, bill)
    if money is None:
        return _("unknown: no price, or no such call was made yet")
    return shown_money(money, bill.currency) if bill.currency or money else _("nothing: the model is free")


def _start(job: JobInfo, wanted: Thresholds, done: int) -> None:
    """Another run with these thresholds; it shares the call log, so that only missing revisions are asked."""
    taken = [run.name for run in jobs.list_jobs(kind="synthesis")]
    suggested = free_name(f"{job.name} {wanted.tau_low:g}-{wanted.tau_high:g}", taken)
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
            who = acting(*RESEARCH)
            start_with_thresholds(job.id, run=(name or "").strip(), thresholds=wanted, created_by=who.id)
            st.switch_page("synthesis.py")


def _worry(worry: str, about: str) -> str:
    names = filter_names()
    if worry == "nearly_all":
        return _("Nearly all pairs are in one branch ({branch}): the other kinds of pairs are hardly taught.").format(
            branch=names[about].lower()
        )
    if worry == "hardly_any":
        return _("Hardly any pair is in the branch {branch}.").format(branch=names[about].lower())
    return _("Many pairs stand close to {line}: slightly other scores would turn them over. Read the examples.").format(
        line=f"`{about}`"
    )


def _examples(found: Sequence[Similarity], wanted: Thresholds) -> None:
    """The pairs on both sides of each line, nearest first: is the line where a person would draw it?"""
    lines = {"tau_high": wanted.tau_high, "tau_low": wanted.tau_low}
    line = st.segmented_control(
        _("Examples at"),
        list(lines),
        format_func=lambda name: f"{name} = {lines[name]:.2f}",
        default="tau_high",
        required=True,
        key="tau-line",
    )
    below, above = beside(found, lines[line], n=EXAMPLES)
    names = filter_names()
    low_side, high_side = ("mid", "high") if line == "tau_high" else ("low", "mid")
    left, right = st.columns(2, gap="large")
    for place, side, nearest in ((left, low_side, below), (right, high_side, above)):
        with place:
            told = _("Just below: {branch}") if place is left else _("On or above: {branch}")
            st.markdown(f"**{told.format(branch=names[side].lower())}**")
            if not nearest:
                st.caption(_("none"))
            for one in nearest:
                _example(open_item(one.item_id), one.top)


def _example(item: OpenedItem, top: float) -> None:
    scores = {score.id: score for score in item.results.similarity or ()}
    best = [p for p in item.results.insight.predictions if scores[p.id].score == top] if item.results.insight else []
    with st.container(border=True, gap="xxsmall"):
        st.caption(_("The user really said"))
        plain_text(item.sample.sample.next_utterance)
        for prediction in best[:1]:
            st.caption(_("Nearest prediction, similarity {score}").format(score=f"{top:.2f}"))
            plain_text(prediction.text)
            st.caption(_("because"))
            plain_text(scores[prediction.id].reason)


require_role(*RESEARCH)
st.title(_("Thresholds"))
with show_error():
    runs = jobs.list_jobs(kind="synthesis")
    if runs:
        asked = st.query_params.get("run")
        ids = [run.public_id for run in runs]
        by_id = dict(zip(ids, runs, strict=True))
        chosen = st.selectbox(
            _("Run"),
            ids,
            index=ids.index(asked) if asked in ids else 0,
            format_func=lambda public_id: f"{visible(by_id[public_id].name)} · {model_said(by_id[public_id].settings)}",
            key="tau-run",
        )
        st.caption(
            _(
                "Top similarity is how near the best of the four predictions came to what the user really said. From"
                " tau_high on, the insight is chosen as it is; below tau_low it is rejected as it is; between them"
                " both sides are revised."
            )
        )
        draw(by_id[chosen])
    else:
        st.subheader(_("No run yet"), anchor=False)
        st.text(_("Thresholds are looked at where pairs are. Start a pilot first."))
        st.page_link("synthesis.py", label=_("Start a pilot"), icon=":material/play_arrow:")
