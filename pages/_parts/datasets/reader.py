"""Reading dialogues: a dataset's, filtered, a page of them at a time, and the chosen one with its checks."""

import streamlit as st

from db.datasets.datasets import DatasetInfo
from db.datasets.dialogues import DialogueInfo, browse, languages
from pages._parts.datasets.tabs import SHOWN, no_dialogues_yet
from pages._parts.dialogue import dialogue_pane
from pages._parts.tables import counts_text, fact_table, pick
from pages._parts.text import _, ngettext
from proutt_core.dialogues import fold
from proutt_core.display.numbers import page_count, page_offset
from proutt_core.display.visible import visible
from proutt_core.types import SPLITS, Dialogue

PER_PAGE = 12
BROWSER_HEIGHT = 490
FIRST_WORDS = 120


def draw_dialogues(datasets: list[DatasetInfo]) -> None:
    if not datasets:
        no_dialogues_yet()
        return
    names = {dataset.id: dataset.name for dataset in datasets}
    if st.session_state.get(SHOWN) not in names:
        st.session_state[SHOWN] = datasets[0].id
    columns = st.columns([2.4, 3, 1.4, 1.4])
    dataset_id = columns[0].selectbox(_("Dataset"), list(names), format_func=names.__getitem__, key=SHOWN)
    name = names[dataset_id]
    search = columns[1].text_input(_("Search"), placeholder=_("Words in the dialogue"), key="browse-search") or ""
    splits: dict[str, str] = {"": _("all"), **{split: split for split in SPLITS}}
    split = columns[2].selectbox(_("Split"), list(splits), format_func=splits.__getitem__, key="browse-split")
    codes = {"": _("all"), **{code: f"{code} ({n:,})" for code, n in languages(dataset_id).items()}}
    language = columns[3].selectbox(
        _("Language"), list(codes), format_func=codes.__getitem__, key=f"browse-language-{name}"
    )
    search, filters = fold(search), f"{name}-{split}-{language}-{fold(search)}"
    _dialogue_list(dataset_id, search, split or None, language or None, filters=filters)


def _dialogue_list(dataset_id: int, search: str, split: str | None, language: str | None, *, filters: str) -> None:
    """`filters` names the choice: another one has its own page and selection."""
    page = st.session_state.get(f"page-{filters}", 1)
    matches = browse(
        dataset_id, search=search, split=split, language=language, offset=page_offset(page, PER_PAGE), limit=PER_PAGE
    )
    left, right = st.columns([1, 1.25])
    with left:
        st.caption(ngettext("{n} dialogue", "{n} dialogues", matches.total).format(n=f"{matches.total:,}"))
        if not matches.dialogues:
            st.text(_("Nothing fits. Try other words, or all splits and languages."))
            return
        info = _pick_dialogue(matches.dialogues, key=f"list-{filters}-{page}")
        st.pagination(page_count(matches.total, PER_PAGE), key=f"page-{filters}", max_visible_pages=5)
    with right:
        _draw_dialogue(info)


def _first_words(dialogue: Dialogue) -> str:
    utterance = next((message.content for message in dialogue.messages if message.role == "user"), "")
    return visible(" ".join(utterance[:FIRST_WORDS].split()))


def _pick_dialogue(dialogues: tuple[DialogueInfo, ...], *, key: str) -> DialogueInfo:
    rows = [
        {
            _("Begins with"): _first_words(info.dialogue),
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


def _draw_dialogue(info: DialogueInfo) -> None:
    dialogue, checks = info.dialogue, info.dialogue.checks
    dialogue_pane(dialogue.messages, key="browse-dialogue", height=BROWSER_HEIGHT, end_in_view=False, cuts=info.targets)
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
                (_("Possible personal data"), counts_text(checks.personal_data) or _("none found")),
                (_("Samples"), f"{len(info.targets):,}"),
                (_("Normalising"), "\n".join(dialogue.notes) or _("nothing was changed")),
            ]
        )
        if dialogue.original:
            st.caption(_("The row as it stood in the file"))
            st.code(visible(dialogue.original), language=None, wrap_lines=True, height=200)
