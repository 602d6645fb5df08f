"""The forms that start a synthesis run or a method's predictions. Nothing is sent before the address was named."""

import streamlit as st

from db import methods
from db.datasets import DatasetInfo
from pages._jobs import RESEARCH
from pages._model_choice import Chosen, choose_model_form
from pages._shared import acting, show_error
from pages._text import _
from proutt_core.errors import InputError
from proutt_core.naming import free_name, name_for
from proutt_core.types import Thresholds
from proutt_core.worker.prediction import prompted_method, start_prediction
from proutt_core.worker.synthesis import DEFAULT_THRESHOLDS, start_synthesis


def run_form(found: list[DatasetInfo], runs: list[str]) -> None:
    names = [dataset.name for dataset in found]
    left, right = st.columns(2, gap="large")
    with left:
        dataset = st.selectbox(_("Dataset"), names, key="run-dataset")
        chosen = choose_model_form("run-model")
    with right:
        suggested = free_name(f"{dataset} {chosen.model.short_name}", runs)
        # The suggestion follows the dataset and the model until somebody types a name.
        name = st.text_input(_("Name of the run"), value=suggested, max_chars=100, key=f"run-name-{suggested}")
        limit = st.number_input(
            _("First samples only"),
            min_value=1,
            value=None,
            placeholder=_("all"),
            key="run-limit",
            help=_("So many of one seeded order: try 20, then start again with the same name and 400."),
        )
    with st.expander(_("Advanced")):
        split, thresholds, seed, concurrency = _advanced()
    if split == "all":
        st.warning(
            _("All splits: for inspection only. Pairs of the splits valid and test are never exported or trained on."),
            icon=":material/visibility:",
        )
    if not st.button(_("Start the run"), type="primary", icon=":material/play_arrow:", key="run-go"):
        return
    with show_error():
        who = acting(*RESEARCH)
        chosen.require_confirmed()
        start_synthesis(
            dataset=dataset,
            run=(name or "").strip(),
            model=chosen.model.spec,
            base_url=chosen.model.url,
            split=split,
            seed=seed,
            thresholds=_thresholds(*thresholds),
            limit=limit,
            concurrency=concurrency,
            created_by=who.id,
        )
        st.rerun()


def _advanced() -> tuple[str, tuple[float, float], int, int]:
    one, two, three, four, five = st.columns(5)
    splits = {"train": "train", "all": _("all (inspection only)")}
    split = one.selectbox(_("Split"), list(splits), format_func=splits.__getitem__, key="run-split")
    high = two.number_input(
        "tau_high",
        min_value=0.0,
        max_value=1.0,
        step=0.05,
        value=DEFAULT_THRESHOLDS.tau_high,
        key="run-high",
        help=_("From this top similarity on, the insight is chosen as it is."),
    )
    low = three.number_input(
        "tau_low",
        min_value=0.0,
        max_value=1.0,
        step=0.05,
        value=DEFAULT_THRESHOLDS.tau_low,
        key="run-low",
        help=_("Below this top similarity, the insight is rejected as it is."),
    )
    seed = four.number_input(_("Seed"), min_value=0, value=0, key="run-seed")
    return split, (high, low), seed, _concurrency(five, "run")


def _concurrency(place: "st.delta_generator.DeltaGenerator", key: str) -> int:
    return place.number_input(
        _("Calls at a time"),
        min_value=1,
        max_value=1024,
        value=8,
        key=f"{key}-concurrency",
        help=_("In each worker process. Not a setting of the run: it changes nothing in the result."),
    )


def _thresholds(high: float, low: float) -> Thresholds:
    if low > high:
        raise InputError(_("tau_low must not be above tau_high."))
    return Thresholds(tau_high=high, tau_low=low)


def predict_form(found: list[DatasetInfo]) -> None:
    left, right = st.columns(2, gap="large")
    with left:
        dataset = st.selectbox(_("Dataset"), [dataset.name for dataset in found], key="predict-dataset")
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
        one, two, three = st.columns(3)
        splits = ["test", "valid", "train", "all"]
        split = one.selectbox(_("Split"), splits, key="predict-split", help=_("Studies take their cases from test."))
        limit = two.number_input(
            _("First samples only"), min_value=1, value=None, placeholder=_("all"), key="predict-limit"
        )
        concurrency = _concurrency(three, "predict")
    if not st.button(_("Start predicting"), type="primary", icon=":material/play_arrow:", key="predict-go"):
        return
    with show_error():
        who = acting(*RESEARCH)
        chosen.require_confirmed()
        method = prompted_method(
            name=(name or "").strip(), model=chosen.model.spec, base_url=chosen.model.url, without_tree=not tree
        )
        start_prediction(
            dataset=dataset, method=method, split=split, limit=limit, concurrency=concurrency, created_by=who.id
        )
        st.rerun()


def _method_name(chosen: Chosen, tree: bool) -> str:
    """That of the method with these settings, so that it can go on on another dataset; else a free one."""
    base = chosen.model.short_name
    known = {method.name: method.settings for method in methods.list_methods()}
    return name_for(
        {**chosen.settings, "without_tree": not tree}, wanted=base if tree else f"{base} without tree", known=known
    )
