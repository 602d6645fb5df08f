"""The form of a new study."""

import streamlit as st

from db.datasets import datasets
from db.datasets.datasets import DatasetInfo
from db.studies.drafts import change_study, design_of, require_draft
from db.studies.draw import predicted_methods
from db.studies.studies import create_study, possible_judges
from pages._parts.dialogue import plain_text
from pages._parts.notices import show_error
from pages._parts.text import _
from pages._parts.who import acting
from proutt_core.types import StudyDesign

CHOSEN, NEW, CHANGED = "study_chosen", "study_new", "study_changed"
CASES, PEOPLE = 100, 3


def draw_form() -> None:
    """Of a new study, or of the draft that is being changed."""
    draft = st.session_state.get(CHANGED)
    if draft is None:
        st.header(_("New study: paper check, 100 cases × 3 people"), anchor=False)
    else:
        st.header(_("Change the draft"), anchor=False)
        plain_text(draft)
    ready = datasets.list_ready(kind="dialogues")
    if not ready:
        st.text(_("A study compares two methods on a dataset's test split. Import dialogues first."))
        st.page_link("datasets.py", label=_("Datasets"), icon=":material/forum:")
        return
    with st.container(border=True):
        dataset = _dataset(ready)
        methods = {m.name: m.predicted for m in predicted_methods(dataset.name)}
        if len(methods) < 2:
            st.text(
                _("Two methods with predictions on the test split are needed; there are {n}.").format(n=len(methods))
            )
        else:
            _study(dataset, methods)
    st.page_link("synthesis.py", label=_("Predict with another method"), icon=":material/conversion_path:")


def _dataset(ready: list[DatasetInfo]) -> DatasetInfo:
    named = {dataset.name: dataset for dataset in ready}
    chosen = st.selectbox(_("Dataset"), list(named), key="new_study_dataset")
    return named[chosen]


def _study(dataset: DatasetInfo, methods: dict[str, int]) -> None:
    name, title = st.columns(2)
    name.text_input(_("Name, for researchers"), key="new_study_name", max_chars=80)
    title.text_input(
        _("Title shown to annotators"),
        key="new_study_title",
        max_chars=120,
        help=_("It must name no method, family, model or run."),
    )
    first, second, cases, people = st.columns([3, 3, 2, 2])
    shown = {name: _("{name} ({n} predicted)").format(name=name, n=n) for name, n in methods.items()}
    a = first.selectbox(_("Method a"), list(methods), format_func=shown.__getitem__, key="new_study_a")
    others = [method for method in methods if method != a]
    b = second.selectbox(_("Method b"), others, format_func=shown.__getitem__, key="new_study_b")
    cases.number_input(_("Cases"), min_value=1, value=CASES, key="new_study_cases")
    people.number_input(_("People for each case"), min_value=1, value=PEOPLE, key="new_study_people")
    st.caption(_("The test split has {n} samples.").format(n=dataset.samples_by_split.get("test", 0)))
    with show_error():
        _people(a, b)
        with st.expander(_("Advanced")):
            _advanced()
        st.button(
            _("Create the study") if st.session_state.get(CHANGED) is None else _("Change the draft"),
            type="primary",
            key="create_study",
            on_click=_on_done,
            args=(dataset.name, a, b),
        )


def _people(a: str, b: str) -> None:
    judges = possible_judges(a=a, b=b)
    st.multiselect(
        _("People who judge"),
        [judge.name for judge in judges if not judge.why_not],
        key="new_study_members",
        placeholder=_("Everyone who may judge when the study opens"),
    )
    barred = [judge for judge in judges if judge.why_not]
    if barred:
        with st.expander(_("Who may not judge, and why ({n})").format(n=len(barred))):
            for judge in barred:
                plain_text(f"{judge.name}: {judge.why_not}")


def _advanced() -> None:
    seed, evidence = st.columns(2)
    seed.number_input(_("Seed of the draw"), min_value=0, value=0, key="new_study_seed")
    names = {
        "context": _("The dialogue only"),
        "context_and_next": _("The dialogue and what the user really said next"),
    }
    evidence.selectbox(
        _("What people and judges are shown"), list(names), format_func=names.__getitem__, key="new_study_evidence"
    )


def change_draft(name: str) -> None:
    """Callback: the form, filled in with what the draft was asked to be."""
    with show_error():
        acting("studies")
        require_draft(name)
        design = design_of(name)
        st.session_state[NEW], st.session_state[CHANGED] = True, name
        filled_in = design.model_dump(include={"name", "dataset", "a", "b", "cases", "people", "seed", "evidence"})
        filled_in |= {"title": design.public_title, "members": list(design.members)}
        for field, value in filled_in.items():
            st.session_state[f"new_study_{field}"] = value


def _on_done(dataset: str, a: str, b: str) -> None:
    with show_error():
        design = StudyDesign(
            name=st.session_state["new_study_name"].strip(),
            public_title=st.session_state["new_study_title"].strip(),
            dataset=dataset,
            a=a,
            b=b,
            cases=int(st.session_state["new_study_cases"]),
            people=int(st.session_state["new_study_people"]),
            members=tuple(st.session_state["new_study_members"]),
            seed=int(st.session_state["new_study_seed"]),
            evidence=st.session_state["new_study_evidence"],
        )
        draft = st.session_state.get(CHANGED)
        if draft is None:
            create_study(design, user_id=acting("studies").id)
        else:
            change_study(draft, design, user_id=acting("studies").id)
        st.session_state[CHOSEN] = design.name
        st.session_state[NEW], st.session_state[CHANGED] = False, None
