"""The form that starts a method's predictions. Nothing is sent before the address was named."""

import streamlit as st

from db.datasets.datasets import DatasetInfo
from db.studies import methods
from pages._parts.jobs.model_form import Chosen, choose_model_form
from pages._parts.notices import show_error
from pages._parts.synthesis.run_form import concurrency_input
from pages._parts.text import _
from pages._parts.who import acting, screen_fragment
from proutt_core.actions.prediction import prompted_method, start_prediction
from proutt_core.display.names import free_name, name_for
from proutt_core.errors import InputError, SettingsError
from proutt_core.methods.settings import MethodSettings


@screen_fragment("synthesis")
@show_error()
def predict_form(datasets: list[DatasetInfo]) -> None:
    left, right = st.columns(2, gap="large")
    with left:
        dataset = st.selectbox(_("Dataset"), [dataset.name for dataset in datasets], key="predict-dataset")
        chosen = choose_model_form("predict-model")
    with right:
        tree = st.toggle(
            _("With the intent tree"),
            value=True,
            key="predict-tree",
            help=_("The whole reasoning: tree, category and both views. Without it, the model is asked directly."),
        )
        suggested = _method_name(chosen, tree)
        name = st.text_input(
            _("Name of the method"),
            value=suggested,
            max_chars=100,
            key=f"predict-name-{suggested}",
            help=_("A method never changes: other settings need another name. Annotators never see it."),
        )
    with st.expander(_("Advanced")):
        first, second, third = st.columns(3)
        splits = ["test", "valid", "train", "all"]
        split = first.selectbox(_("Split"), splits, key="predict-split", help=_("Studies take their cases from test."))
        limit = second.number_input(
            _("First samples only"), min_value=1, value=None, placeholder=_("all"), key="predict-limit"
        )
        concurrency = concurrency_input(third, "predict")
    if not st.button(_("Start predicting"), type="primary", icon=":material/play_arrow:", key="predict-go"):
        return
    with show_error():
        who = acting("synthesis")
        chosen.require_confirmed()
        method = prompted_method(
            name=(name or "").strip(),
            model=chosen.model,
            without_tree=not tree,
        )
        start_prediction(
            dataset=dataset, method=method, split=split, limit=limit, concurrency=concurrency, created_by=who.id
        )
        st.rerun()


def _method_name(chosen: Chosen, tree: bool) -> str:
    """That of the method with these settings, so that it can go on on another dataset; else a free one."""
    base = chosen.model.short_name
    settings_by_name = {method.name: MethodSettings.from_stored(method.settings) for method in methods.list_methods()}
    name = base if tree else f"{base} without tree"
    try:
        settings = MethodSettings.of(chosen.model, without_tree=not tree)
    except (InputError, SettingsError):  # the form is not filled in yet
        return free_name(name, settings_by_name.keys())
    return name_for(settings, name=name, settings_by_name=settings_by_name)
