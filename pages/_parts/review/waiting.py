"""What waits for the person who is signed in: each queue with how far they are, and the way to its screen."""

from typing import Literal

import streamlit as st

from db.review.queues import Waiting
from pages._parts.dialogue import plain_text
from pages._parts.review.queue_choice import QUEUE
from pages._parts.text import _, ngettext
from proutt_core.types.screens import WORK, screen_of_work

QUEUES_SHOWN = 3


def draw_waiting(queues: list[Waiting]) -> None:
    st.header(_("Waiting for me"))
    available = [queue for queue in queues if queue.available]
    if not available:
        st.text(_("Nothing is waiting for you. You will find new work here as soon as there is some."))
        return
    with st.container(gap="xsmall"):
        for queue in available[:QUEUES_SHOWN]:
            _draw_queue(queue, first=queue is available[0])
    if more := available[QUEUES_SHOWN:]:  # every run adds two: unfolded, they would push the workflow off the screen
        with st.expander(ngettext("{n} more", "{n} more", len(more)).format(n=len(more))), st.container(gap="xsmall"):
            for queue in more:
                _draw_queue(queue, first=False)


def _draw_queue(queue: Waiting, *, first: bool) -> None:
    kind, title, share, button = st.columns([2, 3, 4, 2], vertical_alignment="center")
    kind.markdown(_(WORK[queue.kind].title))
    with title:
        plain_text(queue.title)
    share.progress(
        queue.done / queue.total,
        text=_("{n} of {total} done").format(n=f"{queue.done:,}", total=f"{queue.total:,}"),
    )
    look: Literal["primary", "secondary"] = "primary" if first else "secondary"
    if button.button(_("Go on"), key=f"go_{queue.queue_public_id}", type=look, width="stretch"):
        st.switch_page(screen_of_work(queue.kind).script, query_params={QUEUE: queue.queue_public_id})
