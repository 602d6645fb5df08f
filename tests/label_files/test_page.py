"""docs/label-files.md shows a row of every export that is read, as the tests read it."""

import json
import re
from pathlib import Path

import pytest

from proutt_core.label_files import TEMPLATE, read_labels
from tests.label_files.examples import EXAMPLES

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "label-files.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return PAGE.partition(f"\n### {title}\n")[2].partition("\n### ")[0]


@pytest.mark.parametrize("title", EXAMPLES)
def test_the_page_shows_the_row_that_the_tests_read(title: str) -> None:
    shown = re.search(r"```json\n(.*?)```", section(title), flags=re.DOTALL)
    assert shown is not None
    assert json.loads(shown[1]) == EXAMPLES[title][0]


def test_tables_on_the_page_can_be_read(tmp_path: Path) -> None:
    tables = re.findall(r"```csv\n(.*?)```", PAGE, flags=re.DOTALL)
    assert TEMPLATE in tables and len(tables) == 3
    for n, text in enumerate(tables):
        path = tmp_path / f"{n}.csv"
        path.write_text(text, encoding="utf-8")
        assert read_labels(path)
