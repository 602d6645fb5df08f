"""Pieces of JSON say what Python's own writer says of the whole."""

import json

import pytest

from proutt_core.types.json_text import array_json, as_json, as_sorted_json, is_whole, object_json, text_json

# Every ASCII character, Chinese, Hangul (its escapes begin as those of surrogates do), emoji, half of one, two halves.
TEXTS = ["".join(map(chr, range(128))), "北京有哪些景点？", "한국 힣", "🙂 \U0010ffff", "half \ud83d", "\ud83d\ude00"]


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_written_as_python_writes_it(text: str) -> None:
    assert text_json(text) == json.dumps(text)
    assert text_json(text).isascii()


@pytest.mark.parametrize("text", TEXTS)
def test_pieces_make_the_whole(text: str) -> None:
    whole = {text: [text, {"b": 1, "a": None}], "empty": []}
    pieces = {text: array_json([text_json(text), as_json({"b": 1, "a": None})]), "empty": array_json([])}
    assert object_json(pieces) == json.dumps(whole, separators=(",", ":"))
    pieces[text] = array_json([text_json(text), as_sorted_json({"b": 1, "a": None})])
    assert object_json(dict(sorted(pieces.items()))) == json.dumps(whole, separators=(",", ":"), sort_keys=True)


def test_a_text_is_whole_where_utf_8_has_a_form_for_it() -> None:
    assert [is_whole(text) for text in TEXTS] == [True, True, True, True, False, False]
