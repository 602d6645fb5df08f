"""Preference pairs: chosen and rejected side by side; approve, reject, or put the wording right."""

from db.review.answers import PairTask, pair_task, save_pair_review
from pages._parts.jobs.timeline import calls_box
from pages._parts.notices import show_error
from pages._parts.review.answering import AnswerButton, begin, decide
from pages._parts.review.pair_editor import is_being_edited, pair_editor, start_editing
from pages._parts.review.pair_panes import pair_panes
from pages._parts.text import _
from pages._parts.who import require_screen


def verdicts(task: PairTask) -> list[AnswerButton]:
    approve, reject = AnswerButton(_("Approve"), "1", "approve"), AnswerButton(_("Reject"), "2", "reject")
    # Text that is no trace has no parts to edit.
    return [approve, reject] if task.chosen is None else [approve, reject, AnswerButton(_("Edit"), "3", "edit")]


def save(*, answer: str, assignment_id: str, user_id: int, comment: str, seconds: float | None) -> str:
    if answer == "edit":
        start_editing(assignment_id)
        return "editing"
    return save_pair_review(
        assignment_id=assignment_id,
        user_id=user_id,
        answer="approve" if answer == "approve" else "reject",
        comment=comment,
        seconds=seconds,
    )


who = require_screen("pairs")
current = begin("pair", _("Is the chosen side the better one?"), who, task=pair_task)
if current is not None:
    queue, assignment, task = current
    with show_error():
        if is_being_edited(assignment):
            pair_editor(task, queue)
        else:
            pair_panes(task)
            calls_box(task.item_id, key=f"calls-of-{task.assignment_id}")
            decide(verdicts(task), kind="pair", queue=queue, assignment=assignment, save=save)
