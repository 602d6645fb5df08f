"""A preference pair to be reviewed: the dialogue on the left, beside it the two sides, drawn for this assignment."""

from collections.abc import Sequence

import streamlit as st

from db.review.answers import PairTask
from pages._parts.dialogue import dialogue_pane
from pages._parts.pane import PANE_HEIGHT, caption, folded, heading, pane, prose, verbatim
from pages._parts.text import _
from pages._parts.traces import lone_trace_pane, trace_pane
from proutt_core.dialogues.pairs.prompt_parts import parts_of_prompt
from proutt_core.display.visible import visible
from proutt_core.traces.editing import TRACE_PARTS, TracePart, parts_that_differ
from proutt_core.types import Trace

COLUMNS = [1, 1.15, 1.15]
# Of the box under the dialogue, with the gap between them.
GATES = 146


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
    key = f"dialogue-{task.assignment_id}"
    height = PANE_HEIGHT - (GATES if task.gates_failed else 0)
    if task.verbatim is not None:
        _prompt_pane(task.verbatim.prompt, key=key, height=height)
    else:
        after = [folded(_("What the user really said"), [*prose(task.next_utterance or ""), caption(_how_made(task))])]
        if task.baseline:
            after.append(caption(_("Made by plain text rules, a baseline")))
        dialogue_pane(task.context, key=key, height=height, after=after)
    if task.gates_failed:
        with st.container(height=GATES - 16, border=True, gap="xxsmall"):
            st.markdown(":material/flag: **" + _("Failed checks: goes out only when approved") + "**")
            for failure in task.gates_failed:
                st.caption(failure.gate.replace("_", " "))
                st.text(visible(failure.detail))


def _prompt_pane(prompt: str, *, key: str, height: int) -> None:
    """The dialogue in an imported prompt, or the prompt where none is found in it."""
    note = caption(_("Imported: what the user really said next is not in the file, so it cannot be checked."))
    messages = parts_of_prompt(prompt).messages
    if messages:
        whole = folded(_("The whole prompt, as imported"), prose(prompt))
        dialogue_pane(messages, key=key, height=height, after=[whole, note])
    else:
        pane([*prose(prompt), note], label=_("Prompt"), key=key, height=height)


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
    label, key = side_name(side), f"{side}-{task.assignment_id}"
    if trace is not None:
        lone_trace_pane(trace, label=label, key=key)
        return
    text = getattr(task.verbatim, side) if task.verbatim is not None else ""
    missing = caption(_("This pair has no rejected side: it is for learning from the chosen one alone."))
    pane([heading(label), verbatim(text) if text else missing], label=label, key=key)
