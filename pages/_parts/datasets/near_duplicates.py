"""What a dataset's page says of near-duplicates: the search, what it found, and dropping the copies."""

import streamlit as st

from db.datasets import near_duplicates
from db.datasets.datasets import DatasetInfo
from db.datasets.dialogues import get
from db.datasets.near_duplicates import NearCopy, NearDuplicateSummary
from db.jobs.jobs import JobInfo
from db.stored_settings import threshold_of
from pages._parts.datasets.personal_data import do, dropped, in_use
from pages._parts.dialogue import dialogue_pane
from pages._parts.jobs.job import draw_buttons, follow, state_mark
from pages._parts.notices import show_error
from pages._parts.tables import fact_row, pick
from pages._parts.text import _, ngettext
from pages._parts.who import acting
from proutt_core.display.numbers import page_count, page_offset, share
from proutt_core.display.visible import visible

SHOWN = 6
PANE = 300


def draw_near_duplicates(dataset: DatasetInfo, used_by: tuple[str, ...]) -> None:
    job = near_duplicates.job_of(dataset.id)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{_('Near-duplicates')}**", width="content")
        if job is not None:
            st.markdown(state_mark(job.state), width="content")
    if job is None:
        st.text(_("Dialogues that are nearly the same, also in different splits: nobody has searched yet."))
    else:
        follow(job, lambda now: _draw_search(dataset, now, used_by), screen="datasets")
    if job is None or not job.active:
        _search_form(dataset, job)


def _search_form(dataset: DatasetInfo, job: JobInfo | None) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        threshold = st.number_input(
            _("Similarity from"),
            min_value=0.3,
            max_value=1.0,
            value=0.8,
            step=0.05,
            width=160,
            key=f"near-threshold-{dataset.name}",
            help=_(
                "Jaccard similarity of the texts: shared pieces of three words, or of four characters where a language"
                " writes no spaces, divided by all pieces of both. 1: the same pieces."
            ),
        )
        label = _("Search") if job is None else _("Search again")
        if st.button(label, key=f"near-search-{dataset.name}", icon=":material/search:"):
            with show_error():
                who = acting("datasets")
                near_duplicates.queue(dataset_id=dataset.id, threshold=threshold, created_by=who.id)
                st.rerun()


def _draw_search(dataset: DatasetInfo, job: JobInfo, used_by: tuple[str, ...]) -> None:
    if job.state == "done":
        _draw_result(dataset, job, near_duplicates.summary(dataset.id), used_by)
        return
    if job.state == "running":
        read = _("{n} of {total} dialogues read").format(n=f"{job.progress:,}", total=f"{dataset.dialogues:,}")
        st.progress(share(job.progress, dataset.dialogues) or 0.0, text=read)
    if job.reason:
        st.text(visible(job.reason))
    draw_buttons(job)


def _draw_result(dataset: DatasetInfo, job: JobInfo, summary: NearDuplicateSummary, used_by: tuple[str, ...]) -> None:
    searched = _("Searched {when} UTC, similarity from {threshold}.").format(
        when=f"{job.finished_at or job.created_at:%Y-%m-%d %H:%M}", threshold=f"{threshold_of(job.settings):g}"
    )
    if not summary.copies:
        st.text(_("No dialogue is nearly another one."))
        st.caption(searched)
        return
    facts = [
        (_("Copies"), f"{summary.copies:,}"),
        (_("Clusters"), f"{summary.clusters:,}"),
        (_("Across splits"), f"{summary.across_splits:,}"),
    ]
    facts += [(f"{first} / {copy}", f"{n:,}") for (first, copy), n in summary.across.items()]
    fact_row(facts)
    st.caption(
        searched
        + " "
        + _("A cluster is one dialogue and its copies; across splits, what is trained on is met again in the test.")
    )
    examples = st.expander(_("Look at the copies"), key=f"near-look-{dataset.name}", on_change="rerun")
    if examples.open:
        with examples:
            _examples(dataset, summary)
    if used_by:
        in_use(used_by)
        return
    _offer_drop(dataset, summary)


def _offer_drop(dataset: DatasetInfo, summary: NearDuplicateSummary) -> None:
    with st.popover(_("Drop the copies…"), icon=":material/delete:", key=f"near-dropping-{dataset.name}"):
        said = ngettext(
            "{n} dialogue leaves the dataset with its samples.",
            "{n} dialogues leave the dataset with their samples.",
            summary.copies,
        ).format(n=f"{summary.copies:,}")
        kept = _("Of each cluster the first stays: one of test if there is one, else of valid, else of train.")
        st.text(f"{said} {kept} {_('This cannot be undone.')}")
        if st.button(_("Drop the copies"), key=f"near-drop-{dataset.name}", type="primary"):
            do(
                _("Dropping the copies"),
                lambda user_id: near_duplicates.drop_copies(dataset.id, user_id=user_id),
                dropped,
            )


def _examples(dataset: DatasetInfo, summary: NearDuplicateSummary) -> None:
    across = st.toggle(_("Only across splits"), key=f"near-across-{dataset.name}", disabled=not summary.across)
    key = f"near-{dataset.name}-{across}"
    page = st.session_state.get(f"page-{key}", 1)
    copies = near_duplicates.copies(dataset.id, across=across, offset=page_offset(page, SHOWN), limit=SHOWN)
    if not copies:
        return
    similarity = {_("Similarity"): st.column_config.NumberColumn(format="%.2f")}
    rows = [_row(copy) for copy in copies]
    chosen = pick(copies, rows, key=f"{key}-{page}", column_config=similarity, height="content")
    total = summary.across_splits if across else summary.copies
    st.pagination(page_count(total, SHOWN), key=f"page-{key}", max_visible_pages=5)
    sides = [
        (_("Stays: {id} ({split})"), chosen.like_id, chosen.like_external_id, chosen.like_split),
        (_("Copy: {id} ({split})"), chosen.dialogue_id, chosen.external_id, chosen.split),
    ]
    for n, (place, (title, dialogue_id, external_id, split)) in enumerate(zip(st.columns(2), sides, strict=True)):
        info = get(dialogue_id)
        with place:
            st.text(title.format(id=visible(external_id), split=split))
            if info is not None:
                dialogue_pane(info.dialogue.messages, key=f"near-dialogue-{n}", height=PANE, end_in_view=False)


def _row(copy: NearCopy) -> dict[str, str | float]:
    return {
        _("Copy"): visible(copy.external_id),
        _("Its split"): copy.split,
        _("Nearly like"): visible(copy.like_external_id),
        _("Split of that"): copy.like_split,
        _("Similarity"): copy.similarity,
    }
