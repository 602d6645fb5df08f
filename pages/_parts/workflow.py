"""The workflow as a checklist: how far each step is, and the way to its screen."""

from typing import Literal

import streamlit as st

from db.review.overview import overview
from pages._parts.text import _, ngettext
from proutt_core.display.checklist import Step, StepName, checklist
from proutt_core.types import Overview
from proutt_core.types.screens import screen

SCREEN_OF_STEP: dict[StepName, str] = {
    "import": "datasets",
    "synthesise": "synthesis",
    "trees": "trees",
    "pairs": "pairs",
    "predict": "synthesis",
    "study": "studies",
    "judge": "studies",
    "agreement": "agreement",
    "export": "synthesis",
}
ICONS = {"done": "check_circle", "doing": "clock_loader_40", "next": "arrow_circle_right", "later": "circle"}


def draw_workflow() -> None:
    st.header(_("Workflow"))
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
            name.markdown(f":{colour}[{mark}] {number}. {_titles()[step.name]}")
            detail.caption(_how_far(step, o))
            go = _("Go on") if step.name == first else _("Open")
            look: Literal["primary", "tertiary"] = "primary" if step.name == first else "tertiary"
            if button.button(go, key=f"step_{step.name}", type=look, disabled=later, width="stretch"):
                st.switch_page(screen(SCREEN_OF_STEP[step.name]).script)


def _titles() -> dict[StepName, str]:
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


def _how_far(step: Step, o: Overview) -> str:
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
