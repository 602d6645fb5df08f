"""A study on screen, as it looks in its state: a draft to be opened, progress to be followed, results to be read."""

import pandas as pd
import streamlit as st

from db.studies.drafts import delete_study
from db.studies.results import study_progress
from db.studies.studies import close_study, get_study, open_study, unblind_study
from pages._parts.dialogue import plain_text
from pages._parts.notices import show_error
from pages._parts.studies.form import change_draft
from pages._parts.studies.judges import draw_judges
from pages._parts.studies.results import draw_results
from pages._parts.studies.withheld import results_can_be_read
from pages._parts.tables import table
from pages._parts.text import _
from pages._parts.who import acting, screen_fragment
from proutt_core.actions.study_results import report_of
from proutt_core.types import StudyInfo

REFRESH = "3s"


def draw_study(study: StudyInfo) -> None:
    _facts(study)
    if study.state == "draft":
        _draft(study)
        return
    if study.state == "open":
        _progress(study)
    else:
        _closed(study)
    draw_judges(study)


def _state_names() -> dict[str, str]:
    return {"draft": _("draft"), "open": _("open"), "closed": _("closed")}


def _facts(study: StudyInfo) -> None:
    # Which of the two is a stays out of sight until the study is unblinded.
    compared = (
        _("a is {a}, b is {b}").format(a=study.a, b=study.b)
        if study.unblinded
        else _("compares {one} and {other}").format(one=min(study.a, study.b), other=max(study.a, study.b))
    )
    evidence = {
        "context": _("people and judges see the dialogue only"),
        "context_and_next": _("people and judges also see what the user really said next"),
    }[study.evidence]
    with st.container(border=True, gap="xsmall"):
        st.badge(_state_names()[study.state], color="green" if study.state == "open" else "gray")
        plain_text(
            _("{cases} cases of {dataset}, {people} answers a case; {compared}").format(
                cases=study.cases, dataset=study.dataset, people=study.people, compared=compared
            )
        )
        plain_text(_("Title shown to annotators: {title}").format(title=study.public_title))
        st.caption(
            _("{evidence}; seed {seed}; protocol {sha}").format(
                evidence=evidence, seed=study.seed, sha=study.protocol_sha256[:12]
            )
        )


# --- draft ------------------------------------------------------------------------------------------------------------


def _draft(study: StudyInfo) -> None:
    plain_text(
        _("People who judge: {names}").format(
            names=", ".join(study.members) or _("nobody yet; make annotator accounts")
        )
    )
    st.text(
        _("Once it is open, no case is added, and only progress and the share of ties can be seen until it is closed.")
    )
    with st.container(horizontal=True):
        st.button(_("Open the study"), type="primary", key="open_study", on_click=_on_open, args=(study.name,))
        st.button(_("Change…"), key="change_study", on_click=change_draft, args=(study.name,))
        with st.popover(_("Delete…"), key=f"deletion-{study.public_id}"):
            plain_text(
                _("This goes for good: the draft {name} and its {n} cases. The predictions stay.").format(
                    name=study.name, n=study.cases
                )
            )
            st.button(_("Delete it"), key="delete_study", on_click=_on_delete, args=(study.name,))


def _on_delete(name: str) -> None:
    with show_error():
        delete_study(name, user_id=acting("studies").id)


def _on_open(name: str) -> None:
    with show_error():
        open_study(name, user_id=acting("studies").id)


# --- open -------------------------------------------------------------------------------------------------------------


@screen_fragment("studies", run_every=REFRESH)
def _progress(study: StudyInfo) -> None:
    if get_study(study.name).state != "open":
        st.rerun()  # the whole page: it looks otherwise now
    progress = study_progress(study.name)
    answers, ties = st.columns([7, 3], vertical_alignment="center")
    answers.progress(
        min(progress.answers / progress.answers_wanted, 1.0),
        text=_("{n} of {total} answers").format(n=f"{progress.answers:,}", total=f"{progress.answers_wanted:,}"),
    )
    share = _("no answer yet") if progress.tie_share is None else f"{progress.tie_share:.0%}"
    ties.text(_("Ties among all answers: {share}").format(share=share))
    if progress.answers_lost:
        st.text(
            _(
                "{n} of these answers cannot come: too few of the people have not read, in other work, what the user "
                "really said there."
            ).format(n=f"{progress.answers_lost:,}")
        )
    rows = [
        {_("Annotator"): person.name, _("Answered"): person.done, _("Answered or still to give"): person.total}
        for person in progress.people
    ]
    table(pd.DataFrame(rows), hide_index=True, width=520)
    _close_box(study, missing=progress.answers < progress.answers_wanted)


def _close_box(study: StudyInfo, *, missing: bool) -> None:
    with st.popover(_("Close the study…")):
        if missing:
            st.text(
                _("Answers are missing. Closing now departs from the protocol, and every report will name the reason.")
            )
            st.text_input(_("Reason"), key=f"reason-{study.public_id}", max_chars=300)
        else:
            st.text(_("Every answer is in. A closed study takes no more answers."))
        st.button(
            _("Close early") if missing else _("Close now"),
            key="close_study",
            on_click=_on_close,
            args=(study.name, f"reason-{study.public_id}"),
        )


def _on_close(name: str, reason_key: str) -> None:
    with show_error():
        close_study(name, user_id=acting("studies").id, departure=st.session_state.get(reason_key, ""))


# --- closed -----------------------------------------------------------------------------------------------------------


def _closed(study: StudyInfo) -> None:
    if not results_can_be_read(study.name):
        return
    draw_results(report_of(study.name))
    agreement, unblind = st.columns([2, 8], vertical_alignment="center")
    agreement.page_link("agreement.py", label=_("Agreement"), icon=":material/handshake:")
    if study.unblinded:
        return
    with unblind.popover(_("Unblind…")):
        st.text(_("The results will name the methods. This cannot be taken back, and it is recorded who did it."))
        st.button(_("Unblind now"), key="unblind_study", on_click=_on_unblind, args=(study.name,))


def _on_unblind(name: str) -> None:
    with show_error():
        unblind_study(name, user_id=acting("studies").id)
