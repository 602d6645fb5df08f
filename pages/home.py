"""Home: what is waiting for me, and how far the whole workflow is."""

import streamlit as st

from db.review.queues import waiting_for
from pages._parts.notices import worker_notice
from pages._parts.review.waiting import draw_waiting
from pages._parts.text import _
from pages._parts.who import may_open, require_screen
from pages._parts.workflow import draw_workflow

who = require_screen("home")
leads = may_open(who, "synthesis")  # the steps of the workflow are theirs, and so is the worker that they wait for
heading, notice = st.columns([1, 5], vertical_alignment="center")
heading.title(_("Home"), anchor=False)
if leads:
    with notice:
        worker_notice()
draw_waiting(waiting_for(who.id))
if leads:
    draw_workflow()
