"""The form that starts a synthesis run. Nothing is sent before the address was named."""

from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from db.datasets import personal_data
from db.datasets.datasets import DatasetInfo
from db.jobs.jobs import JobInfo
from pages._parts.jobs.model_form import Chosen, choose_model_form
from pages._parts.notices import show_error
from pages._parts.synthesis.forecast import draw_estimate
from pages._parts.text import _, ngettext
from pages._parts.who import acting, screen_fragment
from proutt_core.actions.synthesis import PILOT, start_synthesis
from proutt_core.display.names import free_name
from proutt_core.display.visible import visible
from proutt_core.errors import InputError, SettingsError
from proutt_core.llm.providers.model_ref import ModelRef
from proutt_core.runs.request import DEFAULT_THRESHOLDS, RunRequest, checked_thresholds
from proutt_core.traces.ablation import parts_left_out
from proutt_core.types import PARTS, Part


@dataclass(frozen=True)
class _Advanced:
    """What stands under Advanced, as it was typed."""

    split: str
    thresholds: tuple[float, float]
    seed: int
    concurrency: int
    without: tuple[Part, ...]
    max_calls: int | None
    max_cost: float | None
    fresh: bool


@screen_fragment("synthesis")  # what is typed here changes nothing below: the open run is not drawn anew at every field
@show_error()
def run_form(datasets: list[DatasetInfo], runs: list[JobInfo]) -> None:
    by_name = {dataset.name: dataset for dataset in datasets}
    left, right = st.columns(2, gap="large")
    with left:
        dataset = by_name[st.selectbox(_("Dataset"), list(by_name), key="run-dataset")]
        chosen = choose_model_form("run-model")
    with right:
        how_many = st.container()  # drawn last: it tells how many samples the split has
        suggested = free_name(f"{dataset.name} {chosen.model.short_name}", [job.name for job in runs])
        # The suggestion follows the dataset and the model until somebody types a name.
        name = st.text_input(_("Name of the run"), value=suggested, max_chars=100, key=f"run-name-{suggested}")
        _personal_data(dataset)
    with st.expander(_("Advanced")):
        advanced = _advanced()
    with how_many:
        first = not any(job.dataset == dataset.name and _same_model(job, chosen) for job in runs)
        limit, pilot = _how_many(dataset, advanced.split, pilot_first=first)
    if advanced.split == "all":
        st.warning(
            _("All splits: for inspection only. Pairs of the splits valid and test are never exported or trained on."),
            icon=":material/visibility:",
        )
    run = (name or "").strip()
    try:
        draw_estimate(_request(dataset, chosen, advanced, limit=limit, run=run))
    except (InputError, SettingsError) as exc:  # nothing is wrong yet: the form is being filled in
        st.caption(_("What it would take is shown here."))
        st.text(visible(str(exc)))
    label = _("Start the pilot") if pilot else _("Start the run")
    if not st.button(label, type="primary", icon=":material/play_arrow:", key="run-go"):
        return
    with show_error():
        who = acting("synthesis")
        chosen.require_confirmed()
        start_synthesis(_request(dataset, chosen, advanced, limit=limit, run=run), created_by=who.id)
        st.rerun()


def _request(dataset: DatasetInfo, chosen: Chosen, advanced: _Advanced, *, limit: int | None, run: str) -> RunRequest:
    high, low = advanced.thresholds
    return RunRequest(
        dataset=dataset.name,
        run=run,
        model=chosen.model,
        split=advanced.split,
        seed=advanced.seed,
        thresholds=checked_thresholds(tau_high=high, tau_low=low),
        without=parts_left_out(advanced.without),
        fresh=advanced.fresh,
        limit=limit,
        concurrency=advanced.concurrency,
        max_calls=advanced.max_calls,
        max_cost=advanced.max_cost,
    )


def _same_model(job: JobInfo, chosen: Chosen) -> bool:
    model = chosen.explicit
    return model is not None and ModelRef.named_in(job.settings) == model


def _how_many(dataset: DatasetInfo, split: str, *, pilot_first: bool) -> tuple[int | None, bool]:
    """The limit, and whether this is a pilot: the default of a model's first run, where there is more than a pilot."""
    available = dataset.samples_in(split)
    names = {"some": _("The first …"), "all": _("All {n}").format(n=f"{available:,}")}
    if available > PILOT:
        names = {"pilot": _("Pilot: {n} dialogues").format(n=PILOT)} | names
    chosen = st.segmented_control(
        _("How many"),
        list(names),
        format_func=names.__getitem__,
        default="pilot" if pilot_first and "pilot" in names else "all",
        required=True,
        key=f"run-scope-{dataset.name}-{split}-{pilot_first}",
        help=_(
            "One seeded order: a pilot with another model has the same dialogues, so that both can be read side by"
            " side, and a pilot can go on with the rest under its name."
        ),
    )
    if chosen == "some":
        return st.number_input(_("How many of the seeded order"), min_value=1, value=100, key="run-limit"), False
    return (PILOT, True) if chosen == "pilot" else (None, False)


def _personal_data(dataset: DatasetInfo) -> None:
    """What is known of personal data in the dialogues, before they are sent anywhere."""
    summary = personal_data.summary(dataset.id)
    if summary.dialogues:
        sentence = ngettext(
            "{n} dialogue may hold personal data", "{n} dialogues may hold personal data", summary.dialogues
        )
        n = summary.dialogues
    elif summary.unchecked:  # imported by an earlier version
        sentence = ngettext(
            "{n} dialogue was not looked through for personal data",
            "{n} dialogues were not looked through for personal data",
            summary.unchecked,
        )
        n = summary.unchecked
    else:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f":orange[:material/privacy_tip:] {sentence.format(n=f'{n:,}')}", width="content")
        st.page_link("datasets.py", label=_("See, mask or drop them"))


def _advanced() -> _Advanced:
    first, second, third, fourth, fifth = st.columns(5)
    splits = {"train": "train", "all": _("all (inspection only)")}
    split = first.selectbox(_("Split"), list(splits), format_func=splits.__getitem__, key="run-split")
    high = _tau(
        second,
        "tau_high",
        DEFAULT_THRESHOLDS.tau_high,
        key="run-high",
        help=_("From this top similarity on, the insight is chosen as it is."),
    )
    low = _tau(
        third,
        "tau_low",
        DEFAULT_THRESHOLDS.tau_low,
        key="run-low",
        help=_("Below this top similarity, the insight is rejected as it is."),
    )
    seed = fourth.number_input(_("Seed"), min_value=0, value=0, key="run-seed")
    concurrency = concurrency_input(fifth, "run")
    first, second, third, fourth = st.columns([2, 1, 1, 1], vertical_alignment="bottom")
    max_calls, max_cost = _limits(second, third)
    return _Advanced(
        split=split,
        thresholds=(high, low),
        seed=seed,
        concurrency=concurrency,
        without=_left_out(first),
        max_calls=max_calls,
        max_cost=max_cost,
        fresh=fourth.toggle(
            _("Ask everything anew"),
            key="run-fresh",
            help=_("Replies that are stored do not answer: a new generation of calls begins."),
        ),
    )


def _tau(place: DeltaGenerator, label: str, value: float, *, key: str, help: str) -> float:
    return place.number_input(label, min_value=0.0, max_value=1.0, step=0.05, value=value, key=key, help=help)


def _left_out(place: DeltaGenerator) -> tuple[Part, ...]:
    names = part_names()
    parts = place.multiselect(
        _("Ablation: leave out"),
        PARTS,
        format_func=names.__getitem__,
        placeholder=_("nothing: the whole method"),
        key="run-without",
    )
    return tuple(parts)


def _limits(calls: DeltaGenerator, money: DeltaGenerator) -> tuple[int | None, float | None]:
    """The most calls and the most money, each drawn in its place."""
    max_calls = calls.number_input(
        _("At most so many calls"), min_value=1, value=None, placeholder=_("no limit"), key="run-max-calls"
    )
    max_cost = money.number_input(
        _("At most so much money"),
        min_value=0.01,
        value=None,
        placeholder=_("no limit"),
        key="run-max-cost",
        help=_("In the currency of the model's price. The run pauses before it would pay more."),
    )
    return max_calls, max_cost


def part_names() -> dict[Part, str]:
    return {
        "tree": _("intent tree"),
        "category": _("category"),
        "mining": _("mining view"),
        "exploration": _("exploration view"),
        "revision": _("revision"),
    }


def concurrency_input(place: DeltaGenerator, key: str) -> int:
    return place.number_input(
        _("Calls at a time"),
        min_value=1,
        max_value=1024,
        value=8,
        key=f"{key}-concurrency",
        help=_(
            "In flight at once, in each worker process. Not a setting of the run: it changes nothing in the result."
        ),
    )
