"""Tables that two or more pages draw: one to choose a row from, and facts as two columns."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeVar

import pandas as pd
import streamlit as st

from proutt_core.display.spreadsheet import inert
from proutt_core.display.visible import visible

T = TypeVar("T")
PAGER_WIDTH = 300


def table(frame: pd.DataFrame, **look: Any) -> Any:
    """Every table of the pages. Streamlit's toolbar saves the cells as CSV as they are: none of them is a formula."""
    safe = frame.copy()
    for position, kind in enumerate(frame.dtypes):
        if pd.api.types.is_object_dtype(kind) or isinstance(kind, pd.StringDtype):
            safe.isetitem(position, frame.iloc[:, position].map(_inert))
    return st.dataframe(safe.rename(columns=_inert, index=_inert), **look)


def _inert(cell: Any) -> Any:
    return inert(cell) if isinstance(cell, str) else cell


def pick(choices: Sequence[T], rows: Sequence[Mapping[str, object]], *, key: str, **look: Any) -> T:
    """What stands in the chosen row of the table, the first until somebody chooses. `look` goes to the table."""
    chosen = table(
        pd.DataFrame(rows),
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        selection_default={"selection": {"rows": [0], "columns": [], "cells": []}},
        key=key,
        **look,
    )
    picked = chosen.selection.rows
    return choices[picked[0]] if picked else choices[0]


def fact_table(lines: list[tuple[str, str]]) -> None:
    """Two columns of plain text: what, and its value."""
    with st.container(gap="xxsmall"):
        for what, value in lines:
            left, right = st.columns([1, 1.8])
            left.caption(what)
            right.text(visible(value), width="stretch")


def fact_row(facts: list[tuple[str, str]], *, gap: Literal["small", "medium", "large"] = "large") -> None:
    """Captions with their values below, side by side."""
    with st.container(horizontal=True, gap=gap):
        for what, value in facts:
            with st.container(width="content", gap=None):
                st.caption(what)
                st.text(visible(value))


def pager(pages: int, *, key: str) -> None:
    """Page numbers beside something else: in a row without a width of its own a pager hides pages that have room."""
    with st.container(width=PAGER_WIDTH):
        st.pagination(pages, key=key)


def counts_text(counts: Mapping[str, int]) -> str:
    return " · ".join(f"{name} {count:,}" for name, count in counts.items())
