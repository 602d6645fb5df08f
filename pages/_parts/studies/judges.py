"""A study's LLM judges: the runs with their progress, never their verdicts, and the form that starts one."""

import streamlit as st

from db.jobs import items
from db.jobs.jobs import JobInfo
from db.studies.judging import judge_runs
from pages._parts.jobs.failures import draw_failures
from pages._parts.jobs.job import draw_progress, follow
from pages._parts.jobs.model_form import Chosen, choose_model_form
from pages._parts.notices import show_error, worker_notice
from pages._parts.text import _
from pages._parts.who import acting
from proutt_core.actions.judging import start
from proutt_core.judge.settings import JudgeRequest
from proutt_core.types import StudyInfo


def draw_judges(study: StudyInfo) -> None:
    st.header(_("LLM judges"), anchor=False)
    if study.state == "open":
        st.text(_("A judge may run while people judge. What it says stays hidden until the study is closed."))
    runs = judge_runs(study.name)
    if any(run.active for run in runs):
        worker_notice()
    for run in runs:
        with st.container(border=True, gap="small"):
            follow(run, _draw_run, screen="studies")
            draw_failures(run, screen="studies")
    with st.expander(_("Start a judge"), expanded=not runs):
        _form(study)


def _draw_run(run: JobInfo) -> None:
    draw_progress(run)
    if items.counts(run.id).failed:
        st.caption(_("A case with a failed reading is unscored: it counts nowhere, and never as a tie."))


def _form(study: StudyInfo) -> None:
    model, mode = st.columns(2, gap="large")
    with model:
        chosen = choose_model_form("judge-model")
    modes = {
        "pairwise": _("Pairwise: both sets at once, in both orders"),
        "pointwise": _("Pointwise: each set scored alone"),
    }
    with mode:
        picked = st.selectbox(_("Mode"), list(modes), format_func=modes.__getitem__, key="judge_mode")
        if picked == "pointwise":
            st.number_input(
                _("Tie margin: scores no further apart are a tie"), 0.0, 0.99, 0.0, 0.01, key="judge_margin"
            )
    st.button(_("Start the judge"), key="start_judge", type="primary", on_click=_on_start, args=(study.name, chosen))


def _on_start(study: str, chosen: Chosen) -> None:
    with show_error():
        who = acting("studies")
        chosen.require_confirmed()
        mode = st.session_state["judge_mode"]
        margin = st.session_state.get("judge_margin", 0.0) if mode == "pointwise" else 0.0
        start(JudgeRequest(study=study, model=chosen.model, mode=mode, tie_margin=margin), user_id=who.id)
