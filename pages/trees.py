"""Intent trees: the dialogue beside the tree drawn from it; is it right?"""

import streamlit as st

from db.review.answers import save_tree_review, tree_task
from pages._parts.dialogue import dialogue_pane
from pages._parts.jobs.timeline import calls_box
from pages._parts.notices import show_error
from pages._parts.review.answering import AnswerButton, begin, decide
from pages._parts.review.tree_pane import tree_pane
from pages._parts.text import _
from pages._parts.who import require_screen


def verdicts() -> list[AnswerButton]:
    return [
        AnswerButton(_("Correct"), "1", "correct"),
        AnswerButton(_("Partly"), "2", "partly"),
        AnswerButton(_("Wrong"), "3", "wrong"),
    ]


who = require_screen("trees")
current = begin("tree", _("Is this what the user has asked for so far?"), who, task=tree_task)
if current is not None:
    queue, assignment, task = current
    with show_error():
        dialogue, drawing = st.columns([1, 1.76])
        with dialogue:
            dialogue_pane(task.context, key=f"dialogue-{assignment}")
        with drawing:
            tree_pane(task)
        calls_box(task.item_id, key=f"calls-of-{task.assignment_id}")
        decide(verdicts(), kind="tree", queue=queue, assignment=assignment, save=save_tree_review)
