"""A preference pair to be reviewed: the dialogue on the left, beside it the two sides, drawn for this assignment."""

from collections.abc import Sequence

import streamlit as st

from db.review.answers import PairTask
from pages._parts.dialogue import PANE_HEIGHT, dialogue_pane, plain_text
from pages._parts.text import _
from pages._parts.traces import lone_trace_pane, trace_pane
from proutt_core.dialogues.pairs.prompt_parts import parts_of_prompt
from proutt_core.display.visible import visible
from proutt_core.traces.editing import TRACE_PARTS, TracePart, parts_that_differ
from proutt_core.types import Trace

COLUMNS = [1, 1.15, 1.15]
# Heights that add up to PANE_HEIGHT with the gaps between them.
SAID, GATES, BASELINE = 56, 146, 38


def side_name(side: str) -> str:
    return _("Chosen") if side == "chosen" else _("Rejected")


def sides(task: PairTask) -> list[tuple[str, Trace | None]]:
    """Left and right, as drawn for this assignment; None where a side is text, or is missing."""
    both = [("chosen", task.chosen), ("rejected", task.rejected)]
    return both if task.left_is == "chosen" or not has_rejected(task) else both[::-1]


def has_rejected(task: PairTask) -> bool:
    return task.rejected is not None or (task.verbatim is not None and bool(task.verbatim.rejected))


def open_parts(task: PairTask) -> Sequence[TracePart]:
    """What stands unfolded: where there are two traces, the parts in which they differ."""
    if task.chosen is None or task.rejected is None:
        return TRACE_PARTS
    return parts_that_differ(task.chosen, task.rejected)


def pair_panes(task: PairTask) -> None:
    (left_side, left), (right_side, right) = sides(task)
    places = st.columns(COLUMNS)
    with places[0]:
        dialogue_column(task)
    if left is None or right is None:
        for place, (side, trace) in zip(places[1:], ((left_side, left), (right_side, right)), strict=True):
            with place:
                lone_pane(task, side, trace)
        return
    unfolded = open_parts(task)
    with places[1]:
        key = f"left-{task.assignment_id}"
        trace_pane(left, right, label=side_name(left_side), open_parts=unfolded, left=True, key=key)
    with places[2]:
        key = f"right-{task.assignment_id}"
        trace_pane(right, left, label=side_name(right_side), open_parts=unfolded, left=False, key=key)


def dialogue_column(task: PairTask) -> None:
    below = SAID + (GATES if task.gates_failed else 0) + (BASELINE if task.baseline else 0)
    if task.verbatim is not None:
        _prompt_pane(task.verbatim.prompt, height=PANE_HEIGHT - below)
    else:
        dialogue_pane(task.context, height=PANE_HEIGHT - below)
    if task.gates_failed:
        with st.container(height=GATES - 16, border=True, gap="xxsmall"):
            st.markdown(":material/flag: **" + _("Failed checks: goes out only when approved") + "**")
            for failure in task.gates_failed:
                st.caption(failure.gate.replace("_", " "))
                st.text(visible(failure.detail))
    if task.verbatim is not None:
        with st.popover(_("The whole prompt, as imported"), width="stretch", key=f"said-{task.assignment_id}"):
            plain_text(task.verbatim.prompt)
            st.caption(_("Imported: what the user really said next is not in the file, so it cannot be checked."))
        return
    with st.popover(_("What the user really said"), width="stretch", key=f"said-{task.assignment_id}"):
        plain_text(task.next_utterance or "")
        st.caption(_how_made(task))
    if task.baseline:
        st.caption(_("Made by plain text rules, a baseline"))


def _prompt_pane(prompt: str, *, height: int) -> None:
    """The dialogue in an imported prompt, or the prompt where none is found in it."""
    messages = parts_of_prompt(prompt).messages
    if messages:
        dialogue_pane(messages, height=height)
        return
    with st.container(height=height, border=True):
        plain_text(prompt)


def _how_made(task: PairTask) -> str:
    if task.rejected is None:
        return _("Made without revision: the chosen side is as the model wrote it, however close it came.")
    return {
        "high": _(
            "A prediction came close, so the chosen side is as the model wrote it; the rejected one was led astray."
        ),
        "mid": _("The chosen side was rewritten along the true path; the rejected one was led astray."),
        "low": _("No prediction came close: the chosen side follows the true path, the rejected one is as written."),
    }.get(task.branch or "", "")


def lone_pane(task: PairTask, side: str, trace: Trace | None) -> None:
    """A side that has no trace beside it to be compared with: a trace of its own, the text as imported, or nothing."""
    if trace is not None:
        lone_trace_pane(trace, label=side_name(side))
        return
    text = getattr(task.verbatim, side) if task.verbatim is not None else ""
    with st.container(height=PANE_HEIGHT, border=True):
        st.markdown(f"**{side_name(side)}**")
        if text:
            st.text(visible(text))  # letter by letter: a fence in it opens no block
        else:
            st.caption(_("This pair has no rejected side: it is for learning from the chosen one alone."))
