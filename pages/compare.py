"""Compare: two sets of predictions for one dialogue, nobody told which method made which."""

from typing import Any

from db.studies.comparisons import Side, compare_task, save_judgement
from pages._parts.notices import show_error
from pages._parts.review.answering import AnswerButton, begin, decide
from pages._parts.review.comparison import comparison_panes, preview
from pages._parts.text import _
from pages._parts.who import require_screen
from proutt_core.types.screens import KNOWING_ROLES


def verdicts() -> list[AnswerButton]:
    return [
        AnswerButton(_("Left is better"), "1", "left", ":material/arrow_back:"),
        AnswerButton(_("Tie"), "2", "tie"),
        AnswerButton(_("Right is better"), "3", "right", ":material/arrow_forward:", icon_right=True),
    ]


def question() -> str:
    return _("Which set better anticipates what the user says next?")


def save_side(*, answer: Side, **about: Any) -> str:
    return save_judgement(side=answer, **about)


def judge() -> None:
    current = begin("compare", question(), who, task=compare_task)
    if current is None:
        return
    queue, assignment, task = current
    with show_error():
        comparison_panes(task.context, task.left, task.right, task.next_utterance, key=assignment)
        decide(verdicts(), kind="compare", queue=queue, assignment=assignment, save=save_side)


who = require_screen("compare")
if who.has(*KNOWING_ROLES):  # also one who is an annotator too: whoever can see which method is which never judges
    preview(question(), verdicts())
else:
    judge()
