"""Tables that two or more pages draw: one to choose a row from, and facts as two columns."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import pandas as pd
import streamlit as st

from proutt_core.visible import visible

T = TypeVar("T")


def pick(found: Sequence[T], rows: Sequence[Mapping[str, object]], *, key: str, **look: Any) -> T:
    """What stands in the chosen row of the table, the first until somebody chooses. `look` goes to the table."""
    chosen = st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        selection_default={"selection": {"rows": [0], "columns": [], "cells": []}},
        key=key,
        **look,
    )
    picked = chosen.selection.rows
    return found[picked[0]] if picked else found[0]


def fact_table(lines: list[tuple[str, str]]) -> None:
    """Two columns of plain text: what, and its value."""
    with st.container(gap="xxsmall"):
        for what, value in lines:
            left, right = st.columns([1, 1.8])
            left.caption(what)
            right.text(visible(value))
