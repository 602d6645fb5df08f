"""The items of a run: a page of them, and one opened with every stage's result and the calls behind it."""

from collections.abc import Sequence

import streamlit as st

from db.jobs.jobs import JobInfo
from db.synthesis.items import ItemRow, OpenedItem, browse_items, open_item
from pages._parts.dialogue import dialogue_pane, plain_text
from pages._parts.jobs.timeline import timeline_of_item
from pages._parts.pane import PANE_HEIGHT
from pages._parts.tables import fact_row, pager, pick
from pages._parts.text import _, ngettext
from pages._parts.traces import part_name, path_text, prediction_name, tree_text
from proutt_core.display.numbers import page_count, page_offset
from proutt_core.display.visible import visible
from proutt_core.types import CATEGORIES, Message, Path, StageResults, ViewReasoning

PER_PAGE = 10


def draw_items(job: JobInfo) -> None:
    """A list to choose from, filtered; below it the chosen item."""
    names = filter_names()
    filter_name = st.segmented_control(
        _("Show"),
        list(names),
        format_func=names.__getitem__,
        default="all",
        required=True,
        key=f"items-filter-{job.public_id}",
        label_visibility="collapsed",
    )
    page_key = f"items-page-{job.public_id}-{filter_name}"
    page = st.session_state.get(page_key, 1)
    matches = browse_items(
        job.id,
        state="failed" if filter_name == "failed" else None,
        branch=filter_name if filter_name in ("high", "mid", "low") else None,
        gate_failed=filter_name == "gates",
        offset=page_offset(page, PER_PAGE),
        limit=PER_PAGE,
    )
    if not matches.items:
        st.text(_("No such item."))
        return
    chosen = _pick(matches.items, key=f"items-{job.public_id}-{filter_name}-{page}")
    with st.container(horizontal=True, vertical_alignment="center"):
        pager(page_count(matches.total, PER_PAGE), key=page_key)
        st.caption(ngettext("{n} item", "{n} items", matches.total).format(n=f"{matches.total:,}"))
    draw_item(open_item(chosen.id), key=f"item-{job.public_id}-{chosen.position}")


def filter_names() -> dict[str, str]:
    return {
        "all": _("All"),
        "high": _("High"),
        "mid": _("Middle"),
        "low": _("Low"),
        "gates": _("Gate failed"),
        "failed": _("Failed"),
    }


def item_state_names() -> dict[str, str]:
    return {"waiting": _("waiting"), "running": _("running"), "done": _("done"), "failed": _("failed")}


def _pick(items: Sequence[ItemRow], *, key: str) -> ItemRow:
    states, branches = item_state_names(), filter_names()
    rows = [
        {
            _("No."): row.position + 1,
            _("Dialogue"): visible(row.external_id),
            _("Split"): row.split,
            _("State"): states[row.state],
            _("Branch"): branches[row.branch] if row.branch else "",
            _("Top similarity"): row.top_similarity,
            _("Gates failed"): ", ".join(row.gates_failed),
            _("Failed because"): visible(row.error or ""),
        }
        for row in items
    ]
    columns = {_("Top similarity"): st.column_config.NumberColumn(format="%.2f")}
    return pick(items, rows, key=key, column_config=columns, placeholder="–")


def draw_item(item: OpenedItem, *, key: str) -> None:
    left, right = st.columns([1, 1.4])
    sample = item.sample.sample
    with left:
        dialogue_pane(
            [*sample.context, Message(role="user", content=sample.next_utterance)],
            key="item-dialogue",
            cuts=[len(sample.context)],
        )
    with right, st.container(height=PANE_HEIGHT, border=True):
        _outcome(item)
        draw_results(item.results)
    failed = item.row.state == "failed"
    box = st.expander(_("Timeline of its calls"), expanded=failed, key=f"calls-of-{key}", on_change="rerun")
    if box.open:
        with box:
            timeline_of_item(item.row.id, key=f"calls-of-{key}")


def _outcome(item: OpenedItem) -> None:
    row = item.row
    if row.error:
        st.markdown(f":red[:material/error:] **{_('Failed in {stage}').format(stage=f'`{row.stage}`')}**")
        st.text(visible(row.error))
    elif row.branch:
        perturbed = ", ".join(part_name(view) for view in item.perturbed) or _("none")  # type: ignore[arg-type]
        fact_row(
            [
                (_("Branch"), filter_names()[row.branch]),
                (_("Top similarity"), "" if row.top_similarity is None else f"{row.top_similarity:.2f}"),
                (_("Perturbed in rejected"), perturbed),
            ]
        )
    else:
        st.text(_("This item has not been worked on to the end yet."))
    for failure in item.gates_failed:
        st.markdown(f":orange[:material/block:] **{_('Gate failed')}** `{failure.gate}`")
        st.text(visible(failure.detail))
    if item.sample.sample.later_utterances:
        _heading(_("What the user said later"))
        for text in item.sample.sample.later_utterances:
            plain_text(text)


def _heading(text: str) -> None:
    st.markdown(f"**{text}**")


def draw_results(results: StageResults) -> None:
    """What each stage returned, in the order in which a person understands it."""
    if results.tree is not None:
        _heading(_("Intent tree"))
        st.text(visible(tree_text(results.tree)), width="stretch")
    _categories(results)
    if results.insight is not None:
        for view in results.insight.views:
            _view(part_name(view.view), view, results)
    if results.next_path is not None:
        _heading(_("True path"))
        st.text(visible(path_text(results.next_path.best)), width="stretch")
        st.caption(_("Secondary path"))
        st.text(visible(path_text(results.next_path.secondary)), width="stretch")
    for view_name, paths in results.wrong_paths.items():
        _heading(_("Wrong paths, {view}").format(view=part_name(view_name)))
        _paths(paths)
    if results.revised_chosen is not None:
        revised = results.revised_chosen
        _view(_("Chosen, revised: {view}").format(view=part_name(revised.view)), revised)
    for view_name, revised in results.revised_rejected.items():
        _view(_("Rejected, revised: {view}").format(view=part_name(view_name)), revised)


def _categories(results: StageResults) -> None:
    if results.category is None and results.category_reasons is None:
        return
    _heading(_("Category"))
    if results.category is not None:
        st.text(_("The true one is {category}.").format(category=results.category))
    if results.category_reasons is not None:
        for category in CATEGORIES:
            st.caption(category)
            plain_text(results.category_reasons.of(category))


def _view(title: str, view: ViewReasoning, results: StageResults | None = None) -> None:
    _heading(title)
    plain_text(view.reasoning)
    scores = {score.id: score for score in (results.similarity or ())} if results else {}
    for prediction in view.predictions:
        with st.container(border=True, gap="xxsmall"):
            st.caption(prediction_name(prediction.id))
            plain_text(prediction.text)
            if prediction.path is not None:
                st.text(visible(path_text(prediction.path)), width="stretch")
            if score := scores.get(prediction.id):
                st.caption(_("Similarity {score}, because:").format(score=f"{score.score:.2f}"))
                plain_text(score.reason)


def _paths(paths: Sequence[Path]) -> None:
    st.text("\n".join(visible(path_text(path)) for path in paths), width="stretch")
