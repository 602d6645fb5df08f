"""Which of several queues to work in: kept in the address, so that a refresh shows the same one."""

from collections.abc import Sequence

import streamlit as st

from db.accounts.sessions import SignedIn
from db.review.queues import titles
from pages._parts.text import _
from proutt_core.types.screens import WorkKind

QUEUE = "queue"  # in the address


def choose_queue(kind: WorkKind, who: SignedIn) -> str | None:
    """The queue to work in: the one in the address (`?queue=`), else the first. None where there is none.

    Drawn only where there are several; a choice is kept in the address, so that a refresh shows the same queue.
    """
    queues = dict(titles(kind=kind, user_id=who.id))
    queue_in_address = st.query_params.get(QUEUE)
    if queue_in_address is not None and queue_in_address not in queues:
        del st.query_params[QUEUE]
        if queues:
            st.toast(_("The queue you came for is closed or not yours; this is another one."))
    if len(queues) <= 1:
        return next(iter(queues), None)
    key = f"queue-{kind}"
    if queue_in_address in queues:
        st.session_state[key] = queue_in_address
    names = dict(zip(queues, _distinct(list(queues.values())), strict=True))
    return st.selectbox(
        _("Queue"),
        list(queues),
        format_func=names.__getitem__,
        key=key,
        width=260,
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
