"""The texts of a preference pair in a form: the wording is put right, and the pair approved with it."""

import streamlit as st

from db.review.answers import PairTask, pair_task, save_pair_review
from pages._parts.notices import show_error
from pages._parts.review.answering import acting_on_work, comment_box, comment_on, seconds_on, take_step, tell
from pages._parts.review.pair_panes import COLUMNS, dialogue_column, lone_pane, open_parts, side_name, sides
from pages._parts.text import _
from pages._parts.traces import edit_pane, edited_texts
from proutt_core.traces.editing import with_texts
from proutt_core.types import Trace

EDITING = "pair_being_edited"


def start_editing(assignment: str) -> None:
    st.session_state[EDITING] = assignment


def is_being_edited(assignment: str) -> bool:
    return bool(st.session_state.get(EDITING) == assignment)


def pair_editor(task: PairTask, queue: str) -> None:
    """Draws the form; its buttons save an approval with the edited texts, or go back without saving."""
    assignment, unfolded = task.assignment_id, open_parts(task)
    places = st.columns(COLUMNS)
    with places[0]:
        dialogue_column(task)
    for place, (side, trace) in zip(places[1:], sides(task), strict=True):
        with place:
            if trace is None:
                lone_pane(task, side, None)
            else:
                edit_pane(trace, label=side_name(side), open_parts=unfolded, key=f"{side}-{assignment}")
    with st.bottom:
        first, second, third = st.columns([3, 3, 4], vertical_alignment="center")
        first.button(
            _("Save the edit and approve"),
            key=f"save-edit-{assignment}",
            width="stretch",
            on_click=_save_edit,
            args=(assignment, queue),
        )
        second.button(_("Back without saving"), key=f"back-{assignment}", width="stretch", on_click=_stop_editing)
        comment_box(third, assignment)


def _save_edit(assignment: str, queue: str) -> None:
    """Callback: approve with the texts of the form, where they make a trace."""
    with show_error():
        task = pair_task(assignment_id=assignment, user_id=acting_on_work("pair").id)
        edited = {
            "chosen": _edited(task.chosen, f"chosen-{assignment}"),
            "rejected": _edited(task.rejected, f"rejected-{assignment}"),
        }
        about = {"comment": comment_on(assignment), "seconds": seconds_on(assignment)}
        outcome = take_step(
            "pair",
            queue,
            lambda user_id: save_pair_review(
                assignment_id=assignment, user_id=user_id, answer="approve", **edited, **about
            ),
        )
        _stop_editing()
        tell(outcome)


def _edited(trace: Trace | None, key: str) -> Trace | None:
    """The edited trace, or None where nothing was changed."""
    if trace is None:
        return None
    new_trace = with_texts(trace, edited_texts(trace, key=key))
    return None if new_trace == trace else new_trace


def _stop_editing() -> None:
    st.session_state.pop(EDITING, None)
