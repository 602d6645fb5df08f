"""Datasets: import a file of dialogues, see what became of its rows, and read the dialogues."""

import pandas as pd
import streamlit as st

from db.datasets.datasets import DatasetInfo, get, list_ready
from db.datasets.dialogues import DialogueInfo, browse, languages
from db.datasets.uses import uses
from db.jobs import jobs
from db.jobs.jobs import JobInfo
from pages._parts.datasets.import_form import import_form
from pages._parts.datasets.import_report import report_numbers, report_tables, settings_lines
from pages._parts.datasets.interrupted import draw_interrupted
from pages._parts.datasets.licence import draw_licence
from pages._parts.datasets.near_duplicates import draw_near_duplicates
from pages._parts.datasets.personal_data import draw_personal_data, what_was_done
from pages._parts.dialogue import dialogue_pane
from pages._parts.jobs.job import RESEARCH, draw_buttons, follow, job_head, state_names
from pages._parts.notices import show_error, worker_notice
from pages._parts.synthesis.export_box import dataset_export_box
from pages._parts.tables import fact_table, pick
from pages._parts.text import _, ngettext
from pages._parts.who import require_role
from proutt_core.dialogues import fold
from proutt_core.display.numbers import page_count, page_offset
from proutt_core.display.visible import visible
from proutt_core.types import SPLITS, Dialogue

PER_PAGE = 12
BROWSER_HEIGHT = 490
TAB = "datasets_tab"
SHOWN = "dataset_shown"
FIRST_WORDS = 120


def go_to(tab: str, dataset_id: int | None = None) -> None:
    """Callback: another tab, and the dataset to show there."""
    st.session_state[TAB] = tab
    if dataset_id is not None:
        st.session_state[SHOWN] = dataset_id


def counted(counts: dict[str, int]) -> str:
    return " · ".join(f"{name} {count:,}" for name, count in counts.items())


def by_split(counts: dict[str, int]) -> str:
    return counted({split: counts.get(split, 0) for split in SPLITS})


def dataset_table(found: list[DatasetInfo]) -> DatasetInfo:
    """All datasets; the one in the chosen row, or the newest."""
    with_pairs = any(dataset.kind == "pairs" for dataset in found)
    rows = [
        {
            _("Name"): visible(dataset.name),
            _("Public title"): visible(dataset.public_title),
            _("Dialogues"): dataset.dialogues,
            _("Samples"): dataset.samples,
            **({_("Pairs"): dataset.pairs} if with_pairs else {}),
            **{split: (dataset.pairs_by_split or dataset.dialogues_by_split).get(split, 0) for split in SPLITS},
            _("Languages"): counted(languages(dataset.id)),
            _("Imported"): f"{dataset.created_at:%Y-%m-%d %H:%M}",
        }
        for dataset in found
    ]
    return pick(found, rows, key=f"datasets-{found[0].id}")


def draw_datasets(found: list[DatasetInfo]) -> None:
    if not found:
        nothing_yet()
        return
    dataset = dataset_table(found)
    with st.container(border=True):
        heading, button = st.columns([5, 1.6], vertical_alignment="center")
        with heading:
            st.text(visible(dataset.name))
        if dataset.kind == "dialogues":
            button.button(
                _("Read its dialogues"),
                icon=":material/forum:",
                width="stretch",
                on_click=go_to,
                args=(tab_names()[1], dataset.id),
            )
        else:
            button.page_link("pairs.py", label=_("Read its pairs"), icon=":material/compare_arrows:")
        report_numbers(dataset.report, in_one_row=True)
        left, right = st.columns([1, 1.2], gap="large")
        with left:
            fact_table(settings_lines(dataset))
        with right:
            fact_table(
                [(_("Samples by split"), by_split(dataset.samples_by_split))]
                if dataset.kind == "dialogues"
                else [(_("Pairs by split"), by_split(dataset.pairs_by_split))]
            )
            report_tables(dataset.report)
        draw_licence(dataset)
    if dataset.kind == "dialogues":
        draw_checks(dataset)
        return
    with st.container(border=True), show_error():
        st.markdown(f"**{_('Export for training')}**")
        dataset_export_box(dataset)


def draw_checks(dataset: DatasetInfo) -> None:
    what_was_done()
    used_by = uses(dataset.id)
    with st.container(border=True):
        draw_personal_data(dataset, used_by)
    with st.container(border=True):
        draw_near_duplicates(dataset, used_by)


def nothing_yet() -> None:
    st.subheader(_("No dialogues yet"), anchor=False)
    st.text(_("Import a file of conversations: chat logs, CrossWOZ, SGD, ShareGPT or OpenAI messages."))
    st.button(
        _("Import a file"),
        icon=":material/upload:",
        type="primary",
        on_click=go_to,
        args=(tab_names()[2],),
        key="first",
    )


def draw_dialogues(found: list[DatasetInfo]) -> None:
    if not found:
        nothing_yet()
        return
    names = {dataset.id: dataset.name for dataset in found}
    if st.session_state.get(SHOWN) not in names:
        st.session_state[SHOWN] = found[0].id
    which, text, where, tongue = st.columns([2.4, 3, 1.4, 1.4])
    dataset_id = which.selectbox(_("Dataset"), list(names), format_func=names.__getitem__, key=SHOWN)
    search = text.text_input(_("Search"), placeholder=_("Words in the dialogue"), key="browse-search") or ""
    anything = {"": _("all")}
    splits: dict[str, str] = {**anything, **{split: split for split in SPLITS}}
    split = where.selectbox(_("Split"), list(splits), format_func=splits.__getitem__, key="browse-split")
    spoken = {**anything, **{code: f"{code} ({n:,})" for code, n in languages(dataset_id).items()}}
    language = tongue.selectbox(
        _("Language"), list(spoken), format_func=spoken.__getitem__, key=f"browse-language-{dataset_id}"
    )
    dialogue_list(dataset_id, fold(search), split or None, language or None)


def dialogue_list(dataset_id: int, search: str, split: str | None, language: str | None) -> None:
    asked = f"{dataset_id}-{split}-{language}-{search}"
    page = st.session_state.get(f"page-{asked}", 1)
    found = browse(
        dataset_id, search=search, split=split, language=language, offset=page_offset(page, PER_PAGE), limit=PER_PAGE
    )
    left, right = st.columns([1, 1.25])
    with left:
        st.caption(ngettext("{n} dialogue", "{n} dialogues", found.total).format(n=f"{found.total:,}"))
        if not found.dialogues:
            st.text(_("Nothing fits. Try other words, or all splits and languages."))
            return
        shown = pick_dialogue(found.dialogues, key=f"list-{asked}-{page}")
        st.pagination(page_count(found.total, PER_PAGE), key=f"page-{asked}", max_visible_pages=5)
    with right:
        draw_dialogue(shown)


def first_words(dialogue: Dialogue) -> str:
    said = next((message.content for message in dialogue.messages if message.role == "user"), "")
    return visible(" ".join(said[:FIRST_WORDS].split()))


def pick_dialogue(dialogues: tuple[DialogueInfo, ...], *, key: str) -> DialogueInfo:
    rows = [
        {
            _("Begins with"): first_words(info.dialogue),
            _("Turns"): info.dialogue.checks.turns,
            _("Split"): info.dialogue.split,
            _("Language"): info.dialogue.language,
            _("Id"): visible(info.dialogue.external_id),
        }
        for info in dialogues
    ]
    widths = {_("Begins with"): 250, _("Turns"): 55, _("Split"): 60, _("Language"): 80}
    columns = {name: st.column_config.Column(width=width) for name, width in widths.items()}
    return pick(dialogues, rows, key=key, column_config=columns, height="content")


def draw_dialogue(info: DialogueInfo) -> None:
    dialogue, checks = info.dialogue, info.dialogue.checks
    dialogue_pane(dialogue.messages, height=BROWSER_HEIGHT, end_in_view=False, cuts=info.targets)
    with st.expander(_("Checks, and what normalising did")):
        toxic = {None: _("no flag in the source"), True: _("flagged by the source"), False: _("not flagged")}
        fact_table(
            [
                (_("Id"), dialogue.external_id),
                (_("Group"), dialogue.group),
                (_("Length"), _("{n} characters").format(n=f"{checks.characters:,}")),
                (_("Turns"), f"{checks.turns:,}"),
                (_("Repeated turns"), f"{checks.repeated_turns:,}"),
                (_("Toxicity"), toxic[checks.toxic]),
                (_("Possible personal data"), counted(checks.personal_data) or _("none found")),
                (_("Samples"), f"{len(info.targets):,}"),
                (_("Normalising"), "\n".join(dialogue.notes) or _("nothing was changed")),
            ]
        )
        if dialogue.original:
            st.caption(_("The row as it stood in the file"))
            st.code(visible(dialogue.original), language=None, wrap_lines=True, height=200)


def draw_import() -> None:
    form, lately = st.columns([1.1, 1], gap="large")
    with form:
        import_form()
    with lately:
        worker_notice()
        interrupted = draw_interrupted()
        found = [job for job in jobs.list_jobs(kind="import") if job.id not in interrupted]
        if not found and not interrupted:
            st.caption(_("Imports and what became of their rows are shown here."))
            return
        shown = [job for job in found if job.active] or found[:1]
        for job in shown:
            with st.container(border=True):
                job_head(job)
                follow(job, draw_import_job)
        if others := [job for job in found if job not in shown]:
            st.caption(_("Earlier imports"))
            earlier_imports(others)


def draw_import_job(job: JobInfo) -> None:
    if job.state == "done":
        finished_import(job)
        return
    if job.state == "running":
        st.text(_("{n} rows read").format(n=f"{job.progress:,}"))
    if job.reason:
        st.text(visible(job.reason))
    draw_buttons(job)


def finished_import(job: JobInfo) -> None:
    dataset = get(job.dataset_id) if job.dataset_id is not None else None
    if dataset is None:
        st.text(_("The dataset was removed since."))
        return
    report_numbers(dataset.report)
    report_tables(dataset.report)
    if dataset.kind == "dialogues":
        st.button(
            _("Read its dialogues"),
            icon=":material/forum:",
            key="read-imported",
            on_click=go_to,
            args=(tab_names()[1], dataset.id),
        )


def earlier_imports(found: list[JobInfo]) -> None:
    names = state_names()
    rows = [
        {
            _("Dataset"): visible(job.name),
            _("State"): names[job.state],
            _("Started"): f"{job.created_at:%Y-%m-%d %H:%M}",
            _("Reason"): visible(job.reason),
        }
        for job in found
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True)


def tab_names() -> list[str]:
    return [_("Datasets"), _("Dialogues"), _("Import a file")]


who = require_role(*RESEARCH)
st.title(_("Datasets"))
overview, reading, importing = st.tabs(tab_names(), key=TAB, on_change="rerun")
with show_error():
    ready = list_ready()
    if overview.open:
        with overview:
            draw_datasets(ready)
    if reading.open:
        with reading:
            draw_dialogues([dataset for dataset in ready if dataset.kind == "dialogues"])
    if importing.open:
        with importing:
            draw_import()
