"""What is told of a row that nobody reads: short, with what is missing, and where to look."""

from pathlib import Path
from typing import Any

import pytest

from proutt_core.dialogues import FORMATS, RejectedRow, find_source
from proutt_core.dialogues.formats import as_object
from proutt_core.errors import InputError
from tests.dialogues.example_files import jsonl, read, talk


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"messages": [{"role": "narrator", "content": "x"}]}, "OpenAI messages.*message 1: 'narrator'"),
        ({"messages": []}, "`messages` is empty"),
        ({"messages": "hello"}, "`messages` is a string"),
        ({"conversations": [{"from": "human"}]}, "ShareGPT.*message 1: no `content`, `value` or `text`"),
        ({"mapping": None, "current_node": "a"}, "ChatGPT export.*`mapping` is null"),
        ({"contents": [{"txt": 1}]}, "Gemini.*message 1"),
        ({"sepal": 1, "petal": 2}, r"keys 'sepal', 'petal'\. docs/formats.md shows"),
        ({"question": "a", "answer": "b"}, "no known format"),
    ],
)
def test_the_nearest_formats_say_what_they_miss(tmp_path: Path, row: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message) as raised:
        find_source(jsonl(tmp_path / "a", row))
    assert "docs/formats.md" in str(raised.value)
    assert len(str(raised.value)) < 600
    assert str(raised.value).isprintable()


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_that_was_named_says_what_it_misses(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="cannot be read as") as raised:
        find_source(jsonl(tmp_path / "a", {"sepal": 1}), format=name)
    assert FORMATS[name].title in str(raised.value)
    assert len(str(raised.value)) < 600


def test_an_answer_without_its_request_says_what_to_import(tmp_path: Path) -> None:
    body = {"choices": [{"message": {"role": "assistant", "content": "Yo"}}]}
    (row,) = read(
        jsonl(tmp_path / "a", {"custom_id": "r", "response": {"status_code": 200, "body": body}, "error": None})
    )
    assert isinstance(row, RejectedRow)
    assert (row.reason, "import the file of requests" in row.detail) == ("no user message", True)


@pytest.mark.parametrize(
    ("value", "key", "row"),
    [
        (talk("Hi"), None, {"messages": talk("Hi")}),
        (talk("Hi"), "c1", {"messages": talk("Hi")}),
        (talk("Hi"), "messages", None),  # of a file that is one object: that object is the row
        (["Hi", "Yo"], "dialog", None),
        (["Hi", "Yo"], None, {"dialog": ["Hi", "Yo"]}),
        ('{"a": 1}', None, {"a": 1}),
        *((value, None, None) for value in (None, 1, "text", [], [1], [[{}]], [None], [{}], [[]])),
    ],
)
def test_what_is_a_row(value: Any, key: str | None, row: dict[str, Any] | None) -> None:
    assert as_object(value, key) == row


@pytest.mark.parametrize("depth", [500, 50_000])
@pytest.mark.parametrize("bracket", ["[]", "{}", "()", "-0"])
def test_text_that_nests_without_end_is_text(tmp_path: Path, depth: int, bracket: str) -> None:
    text = "[" + bracket[0] * depth + bracket[1] * depth + "]"
    rows = read(jsonl(tmp_path / "a", {"messages": text}, {"messages": talk(text, "Yo")}))
    assert isinstance(rows[0], RejectedRow)
    assert not isinstance(rows[1], RejectedRow)
    assert rows[1].dialogue.messages[0].content == text
