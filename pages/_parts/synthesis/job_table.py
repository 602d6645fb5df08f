"""What the tabs of the page Synthesis share: the table of jobs to choose from, and what stands where no data is."""

import streamlit as st

from db.jobs.jobs import JobInfo
from pages._parts.tables import pick
from pages._parts.text import _

ROW, ROWS_SHOWN = 35, 4


def pick_job(jobs: list[JobInfo], rows: list[dict[str, object]]) -> JobInfo:
    """The job in the chosen row of the table, or the newest."""
    counted = {name: st.column_config.NumberColumn(format="localized") for name in (_("Items"), _("Samples"))}
    height = ROW * (min(len(rows), ROWS_SHOWN) + 1) + 2
    return pick(jobs, rows, key=f"jobs-{jobs[0].public_id}", height=height, column_config=counted)


def no_dataset() -> None:
    st.header(_("No dialogues yet"), anchor=False)
    st.text(_("Import a file of dialogues first."))
    st.page_link("datasets.py", label=_("Import a file"), icon=":material/upload:")
