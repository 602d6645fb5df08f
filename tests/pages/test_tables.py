"""Every table of every page is drawn by one function, whose cells no spreadsheet reckons with."""

from pathlib import Path

import pandas as pd
from streamlit.testing.v1 import AppTest

PAGES = Path(__file__).resolve().parents[2] / "pages"


def test_no_page_draws_a_table_by_itself() -> None:
    naming = {str(path.relative_to(PAGES)) for path in PAGES.rglob("*.py") if "st.dataframe(" in path.read_text()}
    assert naming == {"_parts/tables.py"}
    others = ("st.table(", "st.data_editor(", "to_csv(")
    assert [p.name for p in PAGES.rglob("*.py") if any(other in p.read_text() for other in others)] == []


def test_cells_heads_and_names_of_rows_are_text_and_numbers_stay_numbers() -> None:
    def draw() -> None:
        import pandas as pd

        from pages._parts.tables import table

        rows = {"=a": ["=1+1", "x", None], "n": [-1, 2, 3], "when": pd.to_datetime(["2026-01-01"] * 3)}
        table(pd.DataFrame(rows, index=["@r", "s", "t"]))

    shown = AppTest.from_function(draw).run().dataframe[0].value
    assert list(shown.columns) == ["'=a", "n", "when"] and list(shown.index) == ["'@r", "s", "t"]
    assert list(shown["'=a"])[:2] == ["'=1+1", "x"] and pd.isna(shown["'=a"].iloc[2])
    assert list(shown["n"]) == [-1, 2, 3]
    assert pd.api.types.is_datetime64_any_dtype(shown["when"])
