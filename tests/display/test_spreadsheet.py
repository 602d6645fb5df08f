"""Text in tables is no formula, numbers are numbers."""

import pytest

from proutt_core.display.spreadsheet import inert


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        '=HYPERLINK("http://h")',
        "+cmd|' /C calc'!A0",
        "-2+3+cmd",
        "@SUM(A1)",
        "\t=1+1",
        "\r=1+1",
        "  =1+1",
        "＝1+1",
        "+-",
    ],
)
def test_what_a_spreadsheet_would_reckon_with_is_text(text: str) -> None:
    assert inert(text) == f"'{text}"


@pytest.mark.parametrize(
    "text",
    ["", "-", "–", "a=b", "1+1", "-3", "+12", "-0.5", "+1,234.5", "-3 %", "+3.1%", "−1", "'=x", "name@host", "(=)"],
)
def test_everything_else_is_as_it_was(text: str) -> None:
    assert inert(text) == text
