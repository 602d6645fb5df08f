"""What a dataset's page says of possible personal data, and what to do about it while nothing uses the dataset."""

from collections.abc import Callable

import streamlit as st

from db.datasets import personal_data
from db.datasets.datasets import DatasetInfo
from db.datasets.personal_data import PersonalDataSummary
from pages._parts.notices import show_error
from pages._parts.pane import Marked, marked_text
from pages._parts.tables import fact_row
from pages._parts.text import _, ngettext
from pages._parts.who import acting
from proutt_core.actions.personal_data import drop_from_dataset, look, mask_dataset
from proutt_core.dialogues.personal_data.excerpts import excerpts
from proutt_core.display.numbers import page_count, page_offset, percent
from proutt_core.display.visible import visible

EXAMPLES = 6
SAID = "dataset_checks_said"


def kind_names() -> dict[str, str]:
    return {
        "email": _("E-mail addresses"),
        "phone": _("Phone numbers"),
        "key": _("Keys and tokens"),
        "id": _("Identity, card and account numbers"),
        "ip": _("IP addresses"),
    }


def draw_personal_data(dataset: DatasetInfo, used_by: tuple[str, ...]) -> None:
    summary = personal_data.summary(dataset.id)
    st.markdown(f"**{_('Possible personal data')}**")
    if summary.unchecked:
        _offer_look(dataset, summary.unchecked)
        return
    if not summary.dialogues:
        st.text(_("None was found: no e-mail address, phone number, key, identity or account number, IP address."))
        return
    _counts(dataset, summary)
    matches = st.expander(_("Look at the matches"), key=f"look-at-{dataset.name}", on_change="rerun")
    if matches.open:
        with matches:
            _matches(dataset, summary)
    _offer_treatment(dataset, summary, used_by)


def _counts(dataset: DatasetInfo, summary: PersonalDataSummary) -> None:
    names = kind_names()
    concerned = ngettext("{n} dialogue ({share})", "{n} dialogues ({share})", summary.dialogues)
    share = percent(summary.dialogues, dataset.dialogues)
    facts = [(_("Concerned"), concerned.format(n=f"{summary.dialogues:,}", share=share))]
    in_dialogues = _("{n} in {dialogues}")
    facts += [
        (names[kind], in_dialogues.format(n=f"{n:,}", dialogues=f"{summary.dialogues_by_kind[kind]:,}"))
        for kind, n in summary.matches.items()
    ]
    fact_row(facts)
    st.caption(_("Matches, and the dialogues they are in. A hint, not proof: a restaurant's phone number is one too."))


def _matches(dataset: DatasetInfo, summary: PersonalDataSummary) -> None:
    names = {"": _("all")} | {kind: name for kind, name in kind_names().items() if kind in summary.matches}
    which, whole = st.columns([1, 1.6], vertical_alignment="bottom")
    kind = which.selectbox(_("Kind"), list(names), format_func=names.__getitem__, key=f"kind-{dataset.name}") or None
    show = whole.toggle(_("Show the matches in full"), key=f"whole-{dataset.name}")
    key = f"matches-{dataset.name}-{kind}"
    page = st.session_state.get(f"page-{key}", 1)
    shown = personal_data.page_of(dataset.id, kind=kind, offset=page_offset(page, EXAMPLES), limit=EXAMPLES)
    blocks = [
        Marked(
            label=f"{visible(held.dialogue.external_id)} · {', '.join(names[kind] for kind in excerpt.kinds)}",
            pieces=excerpt.pieces,
            rule=True,
        )
        for held in shown
        for excerpt in excerpts(held.dialogue.messages, kind=kind, hidden=not show)
    ]
    marked_text(blocks, key=f"{key}-{page}")
    total = summary.dialogues_by_kind[kind] if kind else summary.dialogues
    st.pagination(page_count(total, EXAMPLES), key=f"page-{key}", max_visible_pages=5)


def _offer_look(dataset: DatasetInfo, unchecked: int) -> None:
    said = ngettext(
        "{n} dialogue was imported before these checks.", "{n} dialogues were imported before these checks.", unchecked
    )
    st.text(said.format(n=f"{unchecked:,}"))
    if st.button(_("Look through them"), key=f"look-{dataset.name}", icon=":material/search:"):
        do(_("Looking through the dialogues"), lambda user_id: look(dataset.id), looked)


def looked(n: int) -> str:
    return ngettext("{n} dialogue was looked through.", "{n} dialogues were looked through.", n).format(n=f"{n:,}")


def masked(n: int) -> str:
    return ngettext("{n} dialogue was masked.", "{n} dialogues were masked.", n).format(n=f"{n:,}")


def dropped(n: int) -> str:
    return ngettext("{n} dialogue was dropped.", "{n} dialogues were dropped.", n).format(n=f"{n:,}")


def _offer_treatment(dataset: DatasetInfo, summary: PersonalDataSummary, used_by: tuple[str, ...]) -> None:
    if used_by:
        in_use(used_by)
        return
    number = f"{summary.dialogues:,}"
    with st.container(horizontal=True):
        with st.popover(_("Mask it…"), icon=":material/visibility_off:", key=f"masking-{dataset.name}"):
            st.text(
                _(
                    "In {n} dialogues every match becomes a placeholder such as [EMAIL_1], the same for the same value"
                    " within a dialogue. The file's own rows of these dialogues are removed. This cannot be undone."
                ).format(n=number)
            )
            if st.button(_("Mask it"), key=f"mask-{dataset.name}", type="primary"):
                do(_("Masking"), lambda user_id: mask_dataset(dataset.id, user_id=user_id).dialogues, masked)
        with st.popover(_("Drop the dialogues…"), icon=":material/delete:", key=f"dropping-{dataset.name}"):
            st.text(_("{n} dialogues leave the dataset with their samples. This cannot be undone.").format(n=number))
            if st.button(_("Drop the dialogues"), key=f"drop-{dataset.name}", type="primary"):
                do(_("Dropping"), lambda user_id: drop_from_dataset(dataset.id, user_id=user_id).dialogues, dropped)


def in_use(used_by: tuple[str, ...]) -> None:
    """Why the dialogues stay as they are, and what to do instead."""
    names = visible(", ".join(used_by))
    st.text(
        _(
            "These dialogues stay as they are, because something stands on them: {names}. To change them, import the"
            " file again under another name."
        ).format(names=names)
    )


def do(saying: str, work: Callable[[int], int], outcome: Callable[[int], str]) -> None:
    """On a confirming click: do it while the page says so, then draw the page anew with what was done."""
    with show_error():
        who = acting("datasets")
        with st.spinner(saying):
            done = work(who.id)
        st.session_state[SAID] = outcome(done)
        st.rerun()


def what_was_done() -> None:
    if said := st.session_state.pop(SAID, None):
        st.success(said)
