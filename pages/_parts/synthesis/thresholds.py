"""A run's thresholds to be moved: the chart below the slider, what would change beside it, examples below."""

from collections.abc import Sequence

import streamlit as st

from db.jobs import items
from db.jobs.jobs import JobInfo
from db.synthesis.similarities import of_run
from pages._parts.notices import show_error
from pages._parts.synthesis.items import filter_names
from pages._parts.synthesis.threshold_changes import threshold_changes
from pages._parts.synthesis.threshold_chart import threshold_chart
from pages._parts.synthesis.threshold_examples import threshold_examples
from pages._parts.text import _
from pages._parts.who import screen_fragment
from proutt_core.runs.request import RunSettings
from proutt_core.runs.thresholds import Similarity, worries
from proutt_core.types import Thresholds


@screen_fragment("thresholds")
@show_error()
def explore_thresholds(job: JobInfo) -> None:
    similarities = _similarities(job.public_id, job.id, done=items.counts(job.id).done)
    if not similarities:
        st.text(_("No item of this run is done yet."))
        return
    own = RunSettings.from_stored(job.settings).thresholds
    _explore(job, similarities, own)


# Not `cache_data`, which would copy thousands of values at every look; nobody can change these.
@st.cache_resource(show_spinner=False, max_entries=8)
def _similarities(public_id: str, job_id: int, *, done: int) -> tuple[Similarity, ...]:
    """Read anew whenever more items are `done`; what is done stays as it is."""
    return tuple(Similarity(item_id=row.item_id, top=row.top) for row in of_run(job_id))


def _explore(job: JobInfo, similarities: Sequence[Similarity], own: Thresholds) -> None:
    left, right = st.columns([1.55, 1], gap="large")
    with left:
        low, high = st.slider(
            _("tau_low, tau_high"),
            min_value=0.0,
            max_value=1.0,
            value=(own.tau_low, own.tau_high),
            step=0.01,
            key=f"tau-{job.public_id}",
        )
        new = Thresholds(tau_high=high, tau_low=low)
        st.plotly_chart(
            threshold_chart(similarities, own, new),
            key=f"tau-chart-{job.public_id}",
            config={"displayModeBar": False},
            alt=_("How many items have which top similarity"),
        )
        for worry, about in worries(similarities, new):
            st.markdown(f":orange[:material/warning:] {_worry_text(worry, about)}")
    with right:
        threshold_changes(job, similarities, own, new)
    st.divider()
    threshold_examples(similarities, new)


def _worry_text(worry: str, about: str) -> str:
    names = filter_names()
    if worry == "nearly_all":
        return _("Nearly all pairs are in one branch ({branch}): the other kinds of pairs are hardly taught.").format(
            branch=names[about].lower()
        )
    if worry == "hardly_any":
        return _("Hardly any pair is in the branch {branch}.").format(branch=names[about].lower())
    return _("Many pairs stand close to {line}: slightly other scores would turn them over. Read the examples.").format(
        line=f"`{about}`"
    )
