"""One conversation in every shape that is read: the same dialogue each time, and each file taken for what it is."""

from pathlib import Path
from typing import Any

import pytest

from proutt_core.dialogues import FORMATS, ParsedRow, find_source
from tests.dialogues.example_files import json_file, json_values, jsonl, read
from tests.dialogues.readers.shapes import BARE, SHAPES, TEXTS, Shape

EXAMPLES: list[Shape] = [(f"example-{f.name}", f.name, json_values(f.example)) for f in FORMATS.values()]
ALL = [*EXAMPLES, *SHAPES]


def same(row: object) -> None:
    assert isinstance(row, ParsedRow), row
    assert [(m.role, m.content) for m in row.dialogue.messages] == [
        (("user", "assistant")[n % 2], text) for n, text in enumerate(TEXTS)
    ]


@pytest.mark.parametrize(("format", "rows"), [shape[1:] for shape in ALL], ids=[shape[0] for shape in ALL])
def test_every_shape_gives_the_same_dialogue(tmp_path: Path, format: str, rows: list[Any]) -> None:
    path = jsonl(tmp_path / "a", *rows)
    assert find_source(path).format.name == format
    (row,) = read(path)
    same(row)


@pytest.mark.parametrize(("format", "row"), [shape[1:] for shape in BARE], ids=[shape[0] for shape in BARE])
def test_a_row_that_is_a_bare_list_is_a_conversation(tmp_path: Path, format: str, row: Any) -> None:
    for path in (json_file(tmp_path / "list", [row, row]), json_file(tmp_path / "object", {"a": row, "b": row})):
        assert find_source(path).format.name == format
        for read_row in read(path):
            same(read_row)


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_reads_its_example_when_it_is_named(tmp_path: Path, name: str) -> None:
    (row,) = read(jsonl(tmp_path / "a", *json_values(FORMATS[name].example)), format=name)
    same(row)
