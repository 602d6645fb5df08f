"""What the three screens of review share: the next thing to answer, how far one is, the bar of decisions, and
answering safely."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import streamlit as st

from db.accounts.sessions import SignedIn
from db.review.answers import undo_last
from db.review.queues import Claim, Waiting, claim_next, renew, skip
from db.review.steps import shown, step
from pages._parts.components import keys
from pages._parts.notices import show_error
from pages._parts.review.no_work import draw_all_done, draw_no_queue
from pages._parts.review.queue_choice import choose_queue
from pages._parts.text import _
from pages._parts.who import acting, draws_page, screen_fragment, signed_in
from proutt_core.errors import ProuttError
from proutt_core.types.screens import WorkKind, screen_of_work

FAR = 240  # pixels, of the line that says how far one is
ANSWERED, SKIPPED, SHOWN, GIVEN = "work_notice", "work_skipped", "work_shown", "work_given"
RENEW_EVERY = "5m"
FOLLOWS_WITHIN_S = 10.0
Outcome = TypeVar("Outcome")
Task = TypeVar("Task")


@dataclass(frozen=True)
class AnswerButton:
    """A button of the bar. All look alike: a colour would be an opinion."""

    label: str
    key: str  # on the keyboard
    value: str
    icon: str | None = None
    icon_right: bool = False


@dataclass(frozen=True)
class _Given:
    """What a callback was given as the next thing, for the run of the page that follows it at once."""

    queue: str
    user_id: int
    claim: Claim | None
    moment: float

    def is_for(self, queue: str, who: SignedIn) -> bool:
        return (self.queue, self.user_id) == (queue, who.id) and time.monotonic() - self.moment < FOLLOWS_WITHIN_S


def begin(kind: WorkKind, question: str, who: SignedIn, *, task: Callable[..., Task]) -> tuple[str, str, Task] | None:
    """The page's head and the next thing to do: (queue, assignment, what `task` reads of it). Draws what to do instead
    where nothing is left."""
    head = st.container(horizontal=True, vertical_alignment="center")
    head.title(question, anchor=False)
    with head:
        queue = choose_queue(kind, who)
    if queue is None:
        draw_no_queue(kind, who)
        return None
    with show_error():
        claim = _claim(queue, who)
        mine, given = shown(claim, task, queue_public_id=queue, user_id=who.id)
        _progress(head, mine)
        if claim is None or given is None:
            draw_all_done(kind, queue, who)
            _undo_alone(kind, queue)
            return None
        _notices(claim.assignment_id)
        screen_fragment(screen_of_work(kind).name, run_every=RENEW_EVERY)(_keep_lease)(claim.assignment_id)
        if st.session_state.get(SHOWN, ("", 0.0))[0] != claim.assignment_id:
            st.session_state[SHOWN] = (claim.assignment_id, time.monotonic())
        return queue, claim.assignment_id, given
    return None


def _claim(queue: str, who: SignedIn) -> Claim | None:
    given: _Given | None = st.session_state.pop(GIVEN, None)
    if given is not None and given.is_for(queue, who):
        return given.claim
    return claim_next(queue_public_id=queue, user_id=who.id)


def _progress(place: Any, mine: Waiting) -> None:
    text = _("{done} of {total}").format(done=f"{mine.done:,}", total=f"{mine.total:,}")
    place.progress(mine.done / mine.total if mine.total else 1.0, text=text, width=FAR)


def decide(
    verdicts: Sequence[AnswerButton], *, kind: WorkKind, queue: str, assignment: str, save: Callable[..., str]
) -> None:
    """The bar at the bottom. Every widget carries the assignment in its key and hands it to its callback."""
    widgets = {verdict.key: f"verdict-{verdict.value}-{assignment}" for verdict in verdicts}
    quiet = {"u": f"undo-{assignment}", "s": f"skip-{assignment}"}
    with st.bottom:
        bar = st.container(horizontal=True, vertical_alignment="center")
    for verdict in verdicts:
        bar.button(
            labelled(verdict.label, verdict.key),
            key=widgets[verdict.key],
            icon=verdict.icon,
            icon_position="right" if verdict.icon_right else "left",
            width="stretch",
            on_click=answer,
            args=(assignment, verdict.value, kind, queue, save),
        )
    comment_box(bar, assignment)
    quiet_button(bar, _("Undo"), "u", quiet["u"], undo, (queue, kind))
    quiet_button(bar, _("Skip"), "s", quiet["s"], put_off, (assignment, kind, queue))
    keys(widgets | quiet)


def comment_box(place: Any, assignment: str) -> None:
    place.text_input(
        _("Comment"),
        key=f"comment-{assignment}",
        placeholder=_("Comment"),
        label_visibility="collapsed",
        max_chars=2000,
        # The click on a verdict brings it along; a rerun on leaving the box could swallow that click.
        on_change="ignore",
        persist_state="page",  # also while the page cannot be drawn, the database being away
    )


def comment_on(assignment: str) -> str:
    return st.session_state.get(f"comment-{assignment}") or ""


def quiet_button(
    place: Any, label: str, key: str, widget: str, on_click: Callable[..., None], args: tuple[Any, ...]
) -> None:
    place.button(labelled(label, key), key=widget, type="tertiary", on_click=on_click, args=args)


def labelled(label: str, key: str) -> str:
    return f"{label} `{key.upper()}`"


def answer(assignment: str, value: str, kind: WorkKind, queue: str, save: Callable[..., str]) -> None:
    """Callback: saves the answer to this assignment, whatever the page shows by now."""

    def save_answer(user_id: int) -> str:
        about = {"comment": comment_on(assignment), "seconds": seconds_on(assignment)}
        return save(assignment_id=assignment, user_id=user_id, answer=value, **about)

    with show_error():
        tell(take_step(kind, queue, save_answer))


def take_step(kind: WorkKind, queue: str, change: Callable[[int], Outcome]) -> Outcome:
    """The change by whoever clicks, and the claim of what comes after it: one transaction, one write to disk."""
    who = acting_on_work(kind)
    made = step(lambda: change(who.id), queue_public_id=queue, user_id=who.id)
    if made.is_claimed:
        st.session_state[GIVEN] = _Given(queue, who.id, made.claim, time.monotonic())
    return made.outcome


def acting_on_work(kind: WorkKind) -> SignedIn:
    """Who clicks, if they are given work of this kind. Raises NotAllowed."""
    return acting(screen_of_work(kind).name)


def tell(outcome: str) -> None:
    if outcome == "surplus":
        st.session_state[ANSWERED] = _(
            "Others had answered that one while it was open here. Your answer is kept, and counted nowhere."
        )


def put_off(assignment: str, kind: WorkKind, queue: str) -> None:
    with show_error():
        take_step(kind, queue, lambda user_id: skip(assignment_id=assignment, user_id=user_id))
        st.session_state[SKIPPED] = assignment


def undo(queue: str, kind: WorkKind) -> None:
    with show_error():
        if not take_step(kind, queue, lambda user_id: undo_last(queue_public_id=queue, user_id=user_id)):
            st.session_state[ANSWERED] = _("There is nothing to undo.")


def seconds_on(assignment: str) -> float | None:
    """How long it has been on screen; None after a refresh in another tab."""
    shown, since = st.session_state.get(SHOWN, ("", 0.0))
    return round(time.monotonic() - since, 1) if shown == assignment else None


def _undo_alone(kind: WorkKind, queue: str) -> None:
    """Where nothing is left to answer, the last answer can still be taken back."""
    with st.bottom:
        quiet_button(st, _("Undo"), "u", f"undo-{queue}", undo, (queue, kind))
    keys({"u": f"undo-{queue}"})


def _notices(assignment: str) -> None:
    if notice := st.session_state.pop(ANSWERED, None):
        st.toast(notice)
    if st.session_state.pop(SKIPPED, None) == assignment:
        st.toast(_("Nothing else is left here: this is what you skipped."))


def _keep_lease(assignment: str) -> None:
    if draws_page():  # the claim has just been made or renewed
        return
    who = signed_in()
    if who is None:
        return
    try:
        still_held = renew(assignment_id=assignment, user_id=who.id)
    except ProuttError:
        still_held = False
    if not still_held:
        st.caption(_("This one is no longer held for you. Answering still saves what you think."))
