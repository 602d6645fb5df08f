"""What the three pages of work share: which queue, how far, the bar of decisions, and answering safely."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from db.accounts.sessions import SignedIn
from db.review.answers import undo_last
from db.review.queues import Waiting, claim_next, progress, renew, skip, titles, waiting_for
from pages._parts.components import keys
from pages._parts.notices import show_error
from pages._parts.text import _, ngettext
from pages._parts.who import acting, signed_in
from proutt_core.errors import ProuttError
from proutt_core.types import AccountRole

ANSWERED, SKIPPED, SHOWN = "work_notice", "work_skipped", "work_shown"
RENEW_EVERY = "5m"
QUEUE = "queue"  # in the address


@dataclass(frozen=True)
class AnswerButton:
    """A button of the bar. All look alike: a colour would be an opinion."""

    label: str
    key: str  # on the keyboard
    value: str
    icon: str | None = None
    icon_right: bool = False


def choose_queue(kind: str, who: SignedIn) -> str | None:
    """The queue to work in: the one in the address (`?queue=`), else the first. None where there is none.

    Asked only where there are several; a choice is kept in the address, so that a refresh shows the same queue.
    """
    queues = dict(titles(kind=kind, user_id=who.id))
    asked = st.query_params.get(QUEUE)
    if asked is not None and asked not in queues:
        del st.query_params[QUEUE]
        if queues:
            st.toast(_("The queue you came for is closed or not yours; this is another one."))
    if len(queues) <= 1:
        return next(iter(queues), None)
    key = f"queue-{kind}"
    if asked in queues:
        st.session_state[key] = asked
    names = dict(zip(queues, _distinct(list(queues.values())), strict=True))
    return st.selectbox(
        _("Queue"),
        list(queues),
        format_func=names.__getitem__,
        key=key,
        label_visibility="collapsed",
        on_change=_keep_choice,
        args=(key,),
    )


def _keep_choice(key: str) -> None:
    st.query_params[QUEUE] = st.session_state[key]


def _distinct(names: Sequence[str]) -> list[str]:
    # A select box tells its options apart by what they are called.
    counted = [
        name if names.count(name) == 1 else f"{name} ({names[: n + 1].count(name)})" for n, name in enumerate(names)
    ]
    all_differ = len(set(counted)) == len(names)
    return counted if all_differ else [f"{n}. {name}" for n, name in enumerate(names, start=1)]


def begin(kind: str, question: str, who: SignedIn, roles: tuple[AccountRole, ...]) -> tuple[str, str] | None:
    """The page's head and the next thing to do: (queue, assignment). Draws what to do instead where nothing is left."""
    heading, choice, far = st.columns([5, 2.4, 2.6], vertical_alignment="center")
    heading.title(question, anchor=False)
    with choice:
        queue = choose_queue(kind, who)
    if queue is None:
        _nothing_open(kind, who)
        return None
    with show_error():
        claim = claim_next(queue_public_id=queue, user_id=who.id)
        _progress(far, progress(queue_public_id=queue, user_id=who.id))
        if claim is None:
            _all_done(kind, queue, who, roles)
            return None
        _notices(claim.assignment_id)
        _keep_lease(claim.assignment_id)
        if st.session_state.get(SHOWN, ("", 0.0))[0] != claim.assignment_id:
            st.session_state[SHOWN] = (claim.assignment_id, time.monotonic())
        return queue, claim.assignment_id
    return None


def _progress(place: Any, mine: Waiting) -> None:
    text = _("{done} of {total}").format(done=f"{mine.done:,}", total=f"{mine.total:,}")
    place.progress(mine.done / mine.total if mine.total else 1.0, text=text)


def decide(
    verdicts: Sequence[AnswerButton],
    *,
    queue: str,
    assignment: str,
    roles: tuple[AccountRole, ...],
    save: Callable[..., str],
) -> None:
    """The bar at the bottom. Every widget carries the assignment in its key and hands it to its callback."""
    pressed = {verdict.key: f"verdict-{verdict.value}-{assignment}" for verdict in verdicts}
    quiet = {"u": f"undo-{assignment}", "s": f"skip-{assignment}"}
    with st.bottom:
        places = st.columns([2.1] * len(verdicts) + [2.4, 0.95, 0.85], vertical_alignment="center")
        for place, verdict in zip(places, verdicts, strict=False):
            place.button(
                labelled(verdict.label, verdict.key),
                key=pressed[verdict.key],
                icon=verdict.icon,
                icon_position="right" if verdict.icon_right else "left",
                width="stretch",
                on_click=answer,
                args=(assignment, verdict.value, roles, save),
            )
        comment_box(places[-3], assignment)
        quiet_button(places[-2], _("Undo"), "u", quiet["u"], undo, (queue, roles))
        quiet_button(places[-1], _("Skip"), "s", quiet["s"], put_off, (assignment, roles))
    keys(pressed | quiet)


def comment_box(place: Any, assignment: str) -> None:
    place.text_input(
        _("Comment"),
        key=f"comment-{assignment}",
        placeholder=_("Comment"),
        label_visibility="collapsed",
        max_chars=2000,
        # The click on a verdict brings it along; a rerun on leaving the box could swallow that click.
        on_change="ignore",
    )


def comment_on(assignment: str) -> str:
    return st.session_state.get(f"comment-{assignment}") or ""


def quiet_button(
    place: Any, label: str, key: str, widget: str, on_click: Callable[..., None], args: tuple[Any, ...]
) -> None:
    place.button(labelled(label, key), key=widget, type="tertiary", width="stretch", on_click=on_click, args=args)


def labelled(label: str, key: str) -> str:
    return f"{label} `{key.upper()}`"


def answer(assignment: str, value: str, roles: tuple[AccountRole, ...], save: Callable[..., str]) -> None:
    """Callback: saves the answer to this assignment, whatever the page shows by now."""
    with show_error():
        who = acting(*roles)
        outcome = save(
            assignment_id=assignment,
            user_id=who.id,
            answer=value,
            comment=comment_on(assignment),
            seconds=seconds_on(assignment),
        )
        tell(outcome)


def tell(outcome: str) -> None:
    if outcome == "surplus":
        st.session_state[ANSWERED] = _(
            "Others had answered that one while it was open here. Your answer is kept, and counted nowhere."
        )


def put_off(assignment: str, roles: tuple[AccountRole, ...]) -> None:
    with show_error():
        skip(assignment_id=assignment, user_id=acting(*roles).id)
        st.session_state[SKIPPED] = assignment


def undo(queue: str, roles: tuple[AccountRole, ...]) -> None:
    with show_error():
        if not undo_last(queue_public_id=queue, user_id=acting(*roles).id):
            st.session_state[ANSWERED] = _("There is nothing to undo.")


def seconds_on(assignment: str) -> float | None:
    """How long it has been on screen; None after a refresh in another tab."""
    shown, since = st.session_state.get(SHOWN, ("", 0.0))
    return round(time.monotonic() - since, 1) if shown == assignment else None


def _notices(assignment: str) -> None:
    if notice := st.session_state.pop(ANSWERED, None):
        st.toast(notice)
    if st.session_state.pop(SKIPPED, None) == assignment:
        st.toast(_("Nothing else is left here: this is what you skipped."))


@st.fragment(run_every=RENEW_EVERY)
def _keep_lease(assignment: str) -> None:
    who = signed_in()
    if who is None:
        return
    try:
        kept = renew(assignment_id=assignment, user_id=who.id)
    except ProuttError:
        kept = False
    if not kept:
        st.caption(_("This one is no longer held for you. Answering still saves what you think."))


def _all_done(kind: str, queue: str, who: SignedIn, roles: tuple[AccountRole, ...]) -> None:
    st.subheader(_("All done here"), anchor=False)
    others = [w for w in waiting_for(who.id) if w.available and w.queue_public_id != queue]
    same = sum(w.available for w in others if w.kind == kind)
    if same:
        st.text(
            ngettext(
                "{n} more is waiting in another queue: choose it at the top.",
                "{n} more are waiting in other queues: choose one at the top.",
                same,
            ).format(n=f"{same:,}")
        )
    elif others:
        st.text(_("Nothing is left for you in this queue. Other work is waiting on the home page."))
    else:
        st.text(_("Nothing is left for you here or elsewhere. Thank you."))
    st.page_link("home.py", label=_("Home"), icon=":material/home:")
    with st.bottom:
        place, _rest = st.columns([1, 8])
        quiet_button(place, _("Undo"), "u", f"undo-{queue}", undo, (queue, roles))
    keys({"u": f"undo-{queue}"})


def _nothing_open(kind: str, who: SignedIn) -> None:
    st.subheader(_("Nothing to do here yet"), anchor=False)
    if kind == "compare":
        st.text(_("Comparisons appear here when a study that you take part in is opened."))
        st.text(_("An account that is, or was since the study was made, researcher or admin is never given any."))
        st.page_link("home.py", label=_("Home"), icon=":material/home:")
        return
    st.text(_("Work appears here when a synthesis run has finished."))
    if who.has("researcher", "admin"):
        st.page_link("synthesis.py", label=_("Start a run"), icon=":material/conversion_path:")
    else:
        st.page_link("home.py", label=_("Home"), icon=":material/home:")
