"""Preference pairs: chosen and rejected side by side; approve, reject, or put the wording right."""

from collections.abc import Sequence

import streamlit as st

from db.review.answers import PairTask, pair_task, save_pair_review
from pages._parts.dialogue import PANE_HEIGHT, dialogue_pane, plain_text
from pages._parts.jobs.timeline import calls_box
from pages._parts.notices import show_error
from pages._parts.review.answering import AnswerButton, begin, comment_box, comment_on, decide, seconds_on, tell
from pages._parts.text import _
from pages._parts.traces import edit_pane, edited_texts, lone_trace_pane, trace_pane
from pages._parts.who import acting, require_role
from proutt_core.dialogues.pairs.prompt_parts import parts_of_prompt
from proutt_core.display.visible import visible
from proutt_core.traces.editing import TRACE_PARTS, TracePart, parts_that_differ, with_texts
from proutt_core.types import AccountRole, Trace

REVIEWERS: tuple[AccountRole, ...] = ("annotator", "reviewer", "researcher", "admin")
EDITING = "pair_being_edited"
COLUMNS = [1, 1.15, 1.15]
# Heights that add up to PANE_HEIGHT with the gaps between them.
SAID, GATES, BASELINE = 56, 146, 38


def verdicts(task: PairTask) -> list[AnswerButton]:
    found = [AnswerButton(_("Approve"), "1", "approve"), AnswerButton(_("Reject"), "2", "reject")]
    return [*found, AnswerButton(_("Edit"), "3", "edit")] if task.chosen is not None else found


def side_name(side: str) -> str:
    return _("Chosen") if side == "chosen" else _("Rejected")


def sides(task: PairTask) -> list[tuple[str, Trace | None]]:
    """Left and right, as drawn for this assignment; None where a side is text, or is missing."""
    both = [("chosen", task.chosen), ("rejected", task.rejected)]
    return both if task.left_is == "chosen" or not has_rejected(task) else both[::-1]


def has_rejected(task: PairTask) -> bool:
    return task.rejected is not None or (task.verbatim is not None and bool(task.verbatim.rejected))


def save(*, answer: str, assignment_id: str, user_id: int, comment: str, seconds: float | None) -> str:
    if answer == "edit":
        st.session_state[EDITING] = assignment_id
        return "editing"
    return save_pair_review(
        assignment_id=assignment_id,
        user_id=user_id,
        answer="approve" if answer == "approve" else "reject",
        comment=comment,
        seconds=seconds,
    )


def save_edit(assignment: str) -> None:
    """Callback: approve with the texts of the form, where they make a trace."""
    with show_error():
        user_id = acting(*REVIEWERS).id
        task = pair_task(assignment_id=assignment, user_id=user_id)
        outcome = save_pair_review(
            assignment_id=assignment,
            user_id=user_id,
            answer="approve",
            chosen=_edited(task.chosen, f"chosen-{assignment}"),
            rejected=_edited(task.rejected, f"rejected-{assignment}"),
            comment=comment_on(assignment),
            seconds=seconds_on(assignment),
        )
        stop_editing()
        tell(outcome)


def _edited(trace: Trace | None, key: str) -> Trace | None:
    """The edited trace, or None where nothing was changed."""
    if trace is None:
        return None
    edited = with_texts(trace, edited_texts(trace, key=key))
    return None if edited == trace else edited


def stop_editing() -> None:
    st.session_state.pop(EDITING, None)


def dialogue_column(task: PairTask) -> None:
    below = SAID + (GATES if task.gates_failed else 0) + (BASELINE if task.baseline else 0)
    if task.verbatim is not None:
        prompt_pane(task.verbatim.prompt, height=PANE_HEIGHT - below)
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


def prompt_pane(prompt: str, *, height: int) -> None:
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


def reading(task: PairTask, queue: str) -> None:
    (left_side, left), (right_side, right) = sides(task)
    places = st.columns(COLUMNS)
    with places[0]:
        dialogue_column(task)
    if left is not None and right is not None:
        open_parts = parts_that_differ(left, right)
        with places[1]:
            key = f"left-{task.assignment_id}"
            trace_pane(left, right, label=side_name(left_side), open_parts=open_parts, left=True, key=key)
        with places[2]:
            key = f"right-{task.assignment_id}"
            trace_pane(right, left, label=side_name(right_side), open_parts=open_parts, left=False, key=key)
    else:
        for place, (side, trace) in zip(places[1:], ((left_side, left), (right_side, right)), strict=True):
            with place:
                lone_pane(task, side, trace)
    calls_box(task.item_id, key=f"calls-of-{task.assignment_id}")
    decide(verdicts(task), queue=queue, assignment=task.assignment_id, roles=REVIEWERS, save=save)


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


def editor(task: PairTask) -> None:
    assignment = task.assignment_id
    open_parts: Sequence[TracePart] = TRACE_PARTS
    if task.chosen is not None and task.rejected is not None:
        open_parts = parts_that_differ(task.chosen, task.rejected)
    places = st.columns(COLUMNS)
    with places[0]:
        dialogue_column(task)
    for place, (side, trace) in zip(places[1:], sides(task), strict=True):
        with place:
            if trace is None:
                lone_pane(task, side, None)
            else:
                edit_pane(trace, label=side_name(side), open_parts=open_parts, key=f"{side}-{assignment}")
    with st.bottom:
        first, second, third = st.columns([3, 3, 4], vertical_alignment="center")
        first.button(
            _("Save the edit and approve"),
            key=f"save-edit-{assignment}",
            width="stretch",
            on_click=save_edit,
            args=(assignment,),
        )
        second.button(_("Back without saving"), key=f"back-{assignment}", width="stretch", on_click=stop_editing)
        comment_box(third, assignment)


def review() -> None:
    given = begin("pair", _("Is the chosen side the better one?"), who, REVIEWERS)
    if given is None:
        return
    queue, assignment = given
    with show_error():
        task = pair_task(assignment_id=assignment, user_id=who.id)
        if st.session_state.get(EDITING) == assignment:
            editor(task)
        else:
            reading(task, queue)


who = require_role(*REVIEWERS)
review()
