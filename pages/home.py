"""Home: what is waiting for me, and how far the whole workflow is."""

from typing import Literal

import streamlit as st

from db.overview import overview
from db.review.queues import Waiting, waiting_for
from pages._parts.dialogue import plain_text
from pages._parts.notices import worker_notice
from pages._parts.text import _, ngettext
from pages._parts.who import EVERYBODY, require_role
from proutt_core.display.checklist import Step, StepName, checklist
from proutt_core.types import Overview

QUEUES_SHOWN = 3
PAGE_OF_QUEUE = {"pair": "pairs.py", "tree": "trees.py", "compare": "compare.py"}
PAGE_OF_STEP: dict[StepName, str] = {
    "import": "datasets.py",
    "synthesise": "synthesis.py",
    "trees": "trees.py",
    "pairs": "pairs.py",
    "predict": "synthesis.py",
    "study": "studies.py",
    "judge": "studies.py",
    "agreement": "agreement.py",
    "export": "synthesis.py",
}
ICONS = {"done": "check_circle", "doing": "clock_loader_40", "next": "arrow_circle_right", "later": "circle"}


def titles() -> dict[StepName, str]:
    return {
        "import": _("Import dialogues"),
        "synthesise": _("Synthesise pairs"),
        "trees": _("Review intent trees"),
        "pairs": _("Review preference pairs"),
        "predict": _("Predict with two methods"),
        "study": _("Open a study"),
        "judge": _("Judge its cases"),
        "agreement": _("Read the agreement"),
        "export": _("Export for training"),
    }


def said(step: Step, o: Overview) -> str:
    """One sentence on how far the step is."""
    if step.state == "later":
        return {
            "synthesise": _("needs a dataset"),
            "trees": _("needs a finished run"),
            "pairs": _("needs a finished run"),
            "predict": _("needs a dataset"),
            "study": _("needs two methods with predictions"),
            "judge": _("needs an open study"),
            "agreement": _("needs a closed study"),
            "export": _("needs a finished run"),
        }.get(step.name, "")
    running = {
        "import": o.imports_running,
        "synthesise": o.runs_running,
        "predict": o.predictions_running,
        "agreement": o.judge_runs_running,
    }.get(step.name, 0)
    sentence = {
        "import": ngettext("{n} dataset", "{n} datasets", o.datasets).format(n=o.datasets),
        "synthesise": _("{n} of {total} dialogues").format(n=f"{o.items_ended:,}", total=f"{o.items:,}")
        if o.items
        else _("no run yet"),
        "trees": _("{n} of {total} trees").format(n=f"{o.trees_done:,}", total=f"{o.trees:,}"),
        "pairs": _("{n} of {total} pairs").format(n=f"{o.pairs_done:,}", total=f"{o.pairs:,}"),
        "predict": ngettext("{n} method", "{n} methods", o.methods).format(n=o.methods),
        "study": _("{n} open, {closed} closed").format(n=o.studies_open, closed=o.studies_closed),
        "judge": _("{n} of {total} answers in open studies").format(n=f"{o.answers:,}", total=f"{o.answers_wanted:,}")
        if o.studies_open
        else ngettext("{n} study closed", "{n} studies closed", o.studies_closed).format(n=o.studies_closed),
        "agreement": ngettext("{n} judge run", "{n} judge runs", o.judge_runs).format(n=o.judge_runs),
        "export": ngettext("{n} file written", "{n} files written", o.exports).format(n=o.exports),
    }[step.name]
    return sentence + (_(", {n} under way").format(n=running) if running else "")


def kinds() -> dict[str, str]:
    return {"pair": _("Preference pairs"), "tree": _("Intent trees"), "compare": _("Comparisons")}


def draw_waiting(queues: list[Waiting]) -> None:
    st.subheader(_("Waiting for me"))
    todo = [queue for queue in queues if queue.available]
    if not todo:
        st.text(_("Nothing is waiting for you. You will find new work here as soon as there is some."))
        return
    with st.container(gap="xsmall"):
        for queue in todo[:QUEUES_SHOWN]:
            draw_queue(queue, first=queue is todo[0])
    if more := todo[QUEUES_SHOWN:]:  # every run adds two: unfolded, they would push the workflow off the screen
        with st.expander(ngettext("{n} more", "{n} more", len(more)).format(n=len(more))), st.container(gap="xsmall"):
            for queue in more:
                draw_queue(queue, first=False)


def draw_queue(queue: Waiting, *, first: bool) -> None:
    kind, title, share, button = st.columns([2, 3, 4, 2], vertical_alignment="center")
    kind.markdown(kinds()[queue.kind])
    with title:
        plain_text(queue.title)
    share.progress(
        queue.done / queue.total,
        text=_("{n} of {total} done").format(n=f"{queue.done:,}", total=f"{queue.total:,}"),
    )
    look: Literal["primary", "secondary"] = "primary" if first else "secondary"
    if button.button(_("Go on"), key=f"go_{queue.queue_public_id}", type=look, width="stretch"):
        st.switch_page(PAGE_OF_QUEUE[queue.kind], query_params={"queue": queue.queue_public_id})


def draw_checklist() -> None:
    st.subheader(_("Workflow"))
    o = overview()
    steps = checklist(o)
    first = next((step.name for step in steps if step.state in ("doing", "next")), None)
    # Nine steps and what is waiting fit a screen of 800 pixels.
    with st.container(border=True, gap=None):
        for number, step in enumerate(steps, start=1):
            name, detail, button = st.columns([5, 4, 2], vertical_alignment="center")
            later = step.state == "later"
            mark = f":material/{ICONS[step.state]}:"
            colour = "green" if step.state == "done" else "gray" if later else "primary"
            name.markdown(f":{colour}[{mark}] {number}. {titles()[step.name]}")
            detail.caption(said(step, o))
            go = _("Go on") if step.name == first else _("Open")
            look: Literal["primary", "tertiary"] = "primary" if step.name == first else "tertiary"
            if button.button(go, key=f"step_{step.name}", type=look, disabled=later, width="stretch"):
                st.switch_page(PAGE_OF_STEP[step.name])


who = require_role(*EVERYBODY)
leads = who.has("researcher", "admin")
heading, notice = st.columns([1, 5], vertical_alignment="center")
heading.title(_("Home"), anchor=False)
if leads:
    with notice:
        worker_notice()
draw_waiting(waiting_for(who.id))
if leads:
    draw_checklist()
