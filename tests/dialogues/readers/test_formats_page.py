"""docs/formats.md is what the readers say."""

from proutt_core.dialogues import FORMATS
from tools.formats_page import PAGE, page


def test_the_page_is_as_the_readers_write_it() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m tools.formats_page"


def test_every_format_is_on_the_page_with_its_row() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for format in FORMATS.values():
        assert f"## {format.title}\n" in text
        assert format.example in text
