"""One item's calls on a time axis; the selected one opens with what it read, said and cost."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from db.jobs import jobs, usage
from db.jobs.calls import of_item
from db.synthesis.items import job_of_item
from pages._parts.jobs.job import duration_said
from pages._parts.jobs.timeline_chart import timeline_figure
from pages._parts.pane import PANE_HEIGHT
from pages._parts.tables import fact_row, table
from pages._parts.text import _
from pages._parts.who import signed_in
from proutt_core.display.visible import visible
from proutt_core.jobs.bills import address_and_model, billing_day, rates_of
from proutt_core.runs.bill import Rates, money_for, shown_money
from proutt_core.runs.pace import duration
from proutt_core.runs.reviewed_calls import reviewed
from proutt_core.runs.timeline import Timeline, call_to_read, first_usable, timeline
from proutt_core.types.calls import Call, Completion, Usage
from proutt_core.types.screens import CALL_READERS, KNOWING_ROLES

LANE, AXES = 24, 84  # pixels
TABLE_HEIGHT = 250


def calls_box(item_id: int | None, *, key: str) -> None:
    """Folded until it is opened: the calls behind a tree or pair under review. Nothing for those who only annotate."""
    who = signed_in()
    if item_id is None or who is None or not who.has(*CALL_READERS):
        return
    box = st.expander(_("How it was made: the calls behind it"), key=key, on_change="rerun")
    if box.open:
        with box:
            timeline_of_item(item_id, key=key)


def timeline_of_item(item_id: int, *, key: str) -> None:
    """Draws the calls of a synthesis item. Nothing for those who only annotate: replies tell which side is chosen.

    Which model answered, what failed and what that cost is for researchers: a reviewer may judge in a study of its
    methods, and reads of each call only what `reviewed` lets through. `key` tells its widgets from others'.
    """
    who = signed_in()
    if who is None or not who.has(*CALL_READERS):
        return
    calls = of_item(kind="synthesis", item_id=item_id)
    if not calls:
        st.text(_("No call was made for this item."))
        return
    knows_models = who.has(*KNOWING_ROLES)
    if not knows_models:
        calls = reviewed(calls)
    drawn = timeline(calls)
    chosen_key = f"{key}-chosen"
    st.session_state.setdefault(chosen_key, call_to_read(calls) if knows_models else first_usable(calls))
    order = [bar.call for bar in drawn.bars] if drawn else list(range(len(calls)))
    left, right = st.columns([1.25, 1], gap="medium")
    with left:
        if drawn is None:
            st.caption(_("These calls were made before times were kept, so they are listed only."))
        else:
            _chart(drawn, key)
            for cut in drawn.cuts:
                length = duration_said(duration(cut.seconds))
                st.caption(_("At the dotted line {time} without any call are left out.").format(time=length))
        _table(calls, drawn, order, key, tokens=knows_models)
    with right, st.container(height=PANE_HEIGHT, border=True):
        call = calls[min(st.session_state[chosen_key], len(calls) - 1)]
        if call.valid or knows_models:
            _opened(call, _paid(call, item_id) if knows_models else [])
        else:
            _unusable(call)


def _rates(item_id: int) -> Rates | None:
    job = jobs.required(job_of_item(item_id))
    address, model = address_and_model(job)
    return rates_of(address=address, model=model, on=billing_day(job))


def _chart(drawn: Timeline, key: str) -> None:
    rows = drawn.rows
    names = [stage if lane == 0 else f"{stage} {lane + 1}" for stage, lane in rows]
    height = LANE * len(rows) + AXES
    chart_key = f"{key}-timeline"

    def select() -> None:
        points = st.session_state[chart_key].selection.points
        if points:
            st.session_state[f"{key}-chosen"] = int(points[0]["customdata"][0])
            # Another table, whose selection begins with this call's row.
            st.session_state[f"{key}-turn"] = st.session_state.get(f"{key}-turn", 0) + 1

    st.plotly_chart(
        timeline_figure(drawn, names, height, chosen=st.session_state[f"{key}-chosen"]),
        height=height,
        key=chart_key,
        on_select=select,
        selection_mode="points",
        config={"displayModeBar": False},
        alt=_("When each call was asked, went out and was answered"),
    )


def _table(calls: Sequence[Call], drawn: Timeline | None, order: Sequence[int], key: str, *, tokens: bool) -> None:
    waited = {bar.call: bar.waited_s for bar in drawn.bars} if drawn else {}
    rows = [
        {
            _("Stage"): call.stage,
            _("Attempt"): call.attempt,
            _("Reply"): _("from the log") if call.from_cache else _("usable") if call.valid else _("not usable"),
            _("Waited, s"): waited.get(n),
            _("Took, s"): None if call.from_cache else call.answer.latency_s,
            **(_token_columns(call.answer.usage) if tokens else {}),
        }
        for n, call in ((n, calls[n]) for n in order)
    ]
    two = st.column_config.NumberColumn(format="%.2f")
    table_key = f"{key}-table-{st.session_state.get(f'{key}-turn', 0)}"

    def select() -> None:
        picked = st.session_state[table_key].selection.rows
        if picked:
            st.session_state[f"{key}-chosen"] = order[picked[0]]

    chosen = st.session_state[f"{key}-chosen"]
    table(
        pd.DataFrame(rows),
        hide_index=True,
        height=min(35 * (len(rows) + 1) + 2, TABLE_HEIGHT),
        on_select=select,
        selection_mode="single-row",
        selection_default={"selection": {"rows": [order.index(chosen)], "columns": [], "cells": []}},
        column_config={_("Waited, s"): two, _("Took, s"): two},
        placeholder="–",
        key=table_key,
    )


def _token_columns(tokens: Usage) -> dict[str, int | None]:
    return {_("Prompt"): tokens.prompt_tokens, _("Reply tokens"): tokens.completion_tokens}


def _money(call: Call, rates: Rates | None) -> str:
    if call.from_cache:
        return _("0, from the log")
    if rates is None or call.answer.usage.prompt_tokens is None:
        return _("unknown")
    return shown_money(money_for(usage.of_call(call), rates), rates.currency)


def _opened(call: Call, paid: list[tuple[str, str]]) -> None:
    st.markdown(f"**{call.stage}**")
    fact_row(_facts(call) + paid, gap="medium")
    if call.problem:
        st.markdown(f":red[:material/error:] **{_('Not usable')}**")
        st.text(visible(call.problem))
    thoughts = call.answer.reasoning
    tabs = st.tabs([_("Said"), _("Read")] + ([_("Thought")] if thoughts else []))
    with tabs[0]:
        if call.answer.text:
            st.code(visible(call.answer.text), language=None, wrap_lines=True)
        else:
            st.text(_("Nothing came."))
    with tabs[1]:
        for message in call.messages:
            st.caption(visible(message.role))
            st.code(visible(message.content), language=None, wrap_lines=True)
    if thoughts:
        with tabs[2]:
            st.code(visible(thoughts), language=None, wrap_lines=True)


def _unusable(call: Call) -> None:
    """For those who are not told what was wrong with it."""
    st.markdown(f"**{call.stage}**")
    fact_row(_facts(call), gap="medium")
    st.text(_("This call brought no reply that could be used; what it brought is for researchers."))


def _facts(call: Call) -> list[tuple[str, str]]:
    facts = [(_("Attempt"), str(call.attempt))]
    if call.asked_at is not None:
        facts.append((_("Asked, UTC"), f"{call.asked_at:%Y-%m-%d %H:%M:%S}"))
    took = f"{call.answer.latency_s:.2f} s"
    facts.append((_("Took"), _("{s}, when it was made").format(s=took) if call.from_cache else took))
    return facts


def _paid(call: Call, item_id: int) -> list[tuple[str, str]]:
    return [
        (_("Answered by"), _answerer(call.answer)),
        (_("Tokens: prompt, cached, reply"), _tokens(call.answer.usage)),
        (_("Money"), _money(call, _rates(item_id))),
    ]


def _answerer(answer: Completion) -> str:
    if not answer.model:
        return _("nobody")
    if not answer.provider:
        return answer.model
    return _("{model} by {provider}").format(model=answer.model, provider=answer.provider)


def _tokens(tokens: Usage) -> str:
    counted = (tokens.prompt_tokens, tokens.cached_tokens, tokens.completion_tokens)
    return ", ".join("–" if n is None else f"{n:,}" for n in counted)
