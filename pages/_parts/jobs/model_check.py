"""The button that tries a model, and the small table of what came of it."""

import asyncio
from collections.abc import Callable

import pandas as pd
import streamlit as st

from pages._parts.notices import show_error
from pages._parts.tables import table
from pages._parts.text import _
from pages._parts.who import acting
from proutt_core.display.visible import visible
from proutt_core.llm.providers.check import RungCheck, answered_by, check_model, longest_s, problems, step_for_runs
from proutt_core.llm.providers.model_ref import ModelRef


def check_button(key: str) -> bool:
    explanation = _("Asks it once for each shape of reply, with a short text of our own: no dialogue is sent.")
    return st.button(_("Check this model"), icon=":material/network_check:", key=f"{key}-check-go", help=explanation)


def draw_check(model: ModelRef, require_confirmed: Callable[[], None], key: str, *, now: bool) -> None:
    """Checks the model if that is asked for `now`. `require_confirmed` raises NotAllowed before anything is sent. What
    came of a check is shown for this very model, not for another one chosen since."""
    kept = f"{key}-check"
    if now:
        st.session_state.pop(kept, None)
        with show_error():
            acting("synthesis")
            require_confirmed()
            with st.spinner(_("Asking it three times, at most {seconds} s …").format(seconds=f"{longest_s():g}")):
                st.session_state[kept] = (model, _checks(model))
    checked_model, checks = st.session_state.get(kept, (None, ()))
    if checks and checked_model == model:
        _draw(checks, model)


def _checks(model: ModelRef) -> tuple[RungCheck, ...]:
    return asyncio.run(check_model(model.open_at))


def _draw(checks: tuple[RungCheck, ...], model: ModelRef) -> None:
    _table(checks)
    step = step_for_runs(checks, model.ladder)
    lines = [_("Runs will ask for {step}.").format(step=step) if step else _("A run would fail at present.")]
    lines += [_("Answered by {who}.").format(who=who) for who in answered_by(checks)]
    lines += [f"{', '.join(rungs)}: {problem}" for problem, rungs in problems(checks).items()]
    for line in lines:
        st.text(visible(line))


def _table(checks: tuple[RungCheck, ...]) -> None:
    outcomes = {
        "works": _("works"),
        "refused": _("refused"),
        "answered, but not by the schema": _("not by the schema"),
        "unreachable": _("unreachable"),
    }
    tokens = {_("Tokens read"): "prompt_tokens", _("Cached"): "cached_tokens", _("Written"): "completion_tokens"}
    rows = [
        {_("Asked for"): check.rung, _("Result"): outcomes[check.outcome], _("Seconds"): check.seconds}
        | {name: getattr(check.usage, field) for name, field in tokens.items()}
        for check in checks
    ]
    # What a server does not report stays empty: a 0 would be a figure. Int64 is pandas' kind of whole number that may.
    table(
        pd.DataFrame(rows).astype(dict.fromkeys(tokens, "Int64")),
        hide_index=True,
        placeholder="–",
        column_config={
            _("Asked for"): st.column_config.TextColumn(width=90),
            _("Result"): st.column_config.TextColumn(width=125),
            _("Seconds"): st.column_config.NumberColumn(format="%.1f", width=70),
            **{name: st.column_config.NumberColumn(width=75) for name in tokens},
        },
    )
