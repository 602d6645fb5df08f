"""A bad row costs that row, with number and reason; a bad file is one clear InputError and yields nothing more."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from proutt_core.dialogues import ParsedRow, RejectedRow, read_dialogues
from proutt_core.dialogues.files import json_window
from proutt_core.errors import InputError
from tests.dialogues.example_files import jsonl, lmsys, raw, read, talk, wildchat

GOOD = json.dumps(lmsys()).encode()
DEEP = b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
HUGE_NUMBER = b'{"a": ' + b"9" * 5000 + b"}"

BAD_ROWS: list[tuple[bytes, str, str]] = [
    (b"17", "not a JSON object", "a number"),
    (b'"text"', "not a JSON object", "a string"),
    (b"null", "not a JSON object", "null"),
    (b"[[{}]]", "not a JSON object", "a list"),
    (b"NaN", "not a JSON object", "null"),
    (DEEP, "nested too deeply", ""),
    (HUGE_NUMBER, "value that cannot be read", "4300"),
    (b"9" * 5000, "value that cannot be read", "4300"),
    (b'{"conversation": [], "conversation": 1}', "a key appears twice", "'conversation'"),
    (b'{"conversation": []}', "no list of messages", "`conversation` is empty"),
    (b'{"conversation": "x"}', "no list of messages", "`conversation` is a string"),
    (b'{"other": 1}', "no list of messages", "no `conversation`"),
    (b'{"conversation": [true]}', "a message is not an object", "message 1 is a boolean"),
    (
        b'{"conversation": [{"role": "user", "content": true}]}',
        "a message's text is not text",
        "message 1 holds a boolean",
    ),
    (b'{"conversation": [{"role": "user", "content": {"a": 1}}]}', "a message's text is not text", "an object"),
    (b'{"conversation": [{"role": "user"}]}', "a message has no text field", "message 1"),
    (b'{"conversation": [{"role": "narrator", "content": "x"}]}', "unknown role", "'narrator'"),
    (b'{"conversation": [{"role": true, "content": "x"}]}', "unknown role", "True"),
    (b'{"conversation": [{"role": "assistant", "content": "x"}]}', "no user message", ""),
    (b'{"conversation": [{"role": "user", "content": " \\u200b\\ufeff"}]}', "no user message", ""),
    (b'{"conversation": [{"role": "user", "content": "\xff"}]}', "not valid UTF-8", ""),
    (b'{"conversation": [{"role": "user", "content": "\xed\xa0\x80"}]}', "not valid UTF-8", ""),
]
ids = [f"{reason}-{number}" for number, (_, reason, _) in enumerate(BAD_ROWS)]


def rejected(rows: list[Any]) -> RejectedRow:
    assert [row.number for row in rows] == [1, 2, 3]
    assert isinstance(rows[0], ParsedRow)
    assert isinstance(rows[2], ParsedRow)
    assert isinstance(rows[1], RejectedRow), rows[1]
    return rows[1]


@pytest.mark.parametrize(("row", "reason", "detail"), BAD_ROWS, ids=ids)
def test_a_bad_line_costs_that_line(tmp_path: Path, row: bytes, reason: str, detail: str) -> None:
    bad = rejected(read(jsonl(tmp_path / "a", GOOD, row, GOOD)))
    assert bad.reason == reason
    assert detail in bad.detail


@pytest.mark.parametrize(("row", "reason", "detail"), BAD_ROWS, ids=ids)
@pytest.mark.parametrize("chunk", [1 << 20, 7])
def test_a_bad_element_costs_that_element(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: bytes, reason: str, detail: str, chunk: int
) -> None:
    monkeypatch.setattr(json_window, "CHUNK", chunk)
    bad = rejected(read(raw(tmp_path / "a", b"[" + b",\r\n".join([GOOD, row, GOOD]) + b"]")))
    assert bad.reason == reason
    assert detail in bad.detail


@pytest.mark.parametrize(("row", "reason", "detail"), BAD_ROWS, ids=ids)
def test_a_bad_value_of_an_object_costs_that_value(tmp_path: Path, row: bytes, reason: str, detail: str) -> None:
    bad = rejected(read(raw(tmp_path / "a", b'{"x": ' + GOOD + b', "y": ' + row + b', "z":' + GOOD + b"}")))
    assert (bad.reason, detail in bad.detail) == (reason, True)


def test_broken_lines_cost_themselves_also_the_first_and_the_last(tmp_path: Path) -> None:
    path = raw(tmp_path / "a", b"garbage\n\n" + GOOD + b"\r\n" + GOOD[:40] + b"\n" + GOOD + b"\n" + GOOD[:-1])
    rows = read(path)
    assert [(type(row), row.number) for row in rows] == [
        (RejectedRow, 1),
        (ParsedRow, 3),  # line 2 is blank: passed over, but counted, so that an editor finds the line
        (RejectedRow, 4),
        (ParsedRow, 5),
        (RejectedRow, 6),
    ]
    assert {row.reason for row in rows if isinstance(row, RejectedRow)} == {"not valid JSON"}


def test_line_separators_inside_texts_do_not_end_a_line(tmp_path: Path) -> None:
    text = "a\x0cb\u2028c\u2029d\x85e\x1ef\x0bg\rh\ufeff"
    row = json.dumps(lmsys(conversation=talk(text, "yes")), ensure_ascii=False).replace("\\f", "\x0c").encode()
    for rows in (read(jsonl(tmp_path / "a", row)), read(raw(tmp_path / "b", b"[" + row + b"]"))):
        assert isinstance(rows[0], ParsedRow)
        assert rows[0].dialogue.messages[0].content == text
        assert rows[0].dialogue.notes == ()


@pytest.mark.parametrize(
    "form", [b"\xef\xbb\xbf%s\r\n%s\r\n", b"\xef\xbb\xbf[%s,%s]", b'\xef\xbb\xbf \r\n{"a":%s,\r\n"b":%s}\r\n']
)
def test_byte_order_mark_and_crlf(tmp_path: Path, form: bytes) -> None:
    rows = read(raw(tmp_path / "a", form % (GOOD, GOOD)))
    assert [(type(row), row.number) for row in rows] == [(ParsedRow, 1), (ParsedRow, 2)]


def test_nul_and_lone_surrogates_become_replacement_characters_with_a_note(tmp_path: Path) -> None:
    text = json.dumps(lmsys(conversation=talk("a\x00b\ud800c \U0001f600", "ok"), conversation_id="x\x00\udfff"))
    assert "\\ud83d\\ude00" in text  # a pair is one character and stays
    for path in (jsonl(tmp_path / "a", text.encode()), raw(tmp_path / "b", f"[{text}]".encode())):
        (row,) = read(path)
        assert isinstance(row, ParsedRow)
        assert row.dialogue.messages[0].content == "a\ufffdb\ufffdc \U0001f600"
        assert row.dialogue.external_id == "x\ufffd\ufffd"
        assert row.dialogue.notes == ("characters that cannot be stored replaced by U+FFFD",)
        original = row.dialogue.original or ""
        assert "\x00" not in original
        original.encode()
        assert json.loads(original)["conversation"][0]["content"] == "a\x00b\ud800c \U0001f600"


def test_nan_and_infinities_are_null_and_the_original_stays_json(tmp_path: Path) -> None:
    line = GOOD.replace(b"1e-05", b"NaN").replace(b'"turn": 2', b'"turn": 1e999, "x": -Infinity')
    line = line.replace(b'"And then?"', b'""')
    (row,) = read(jsonl(tmp_path / "a", line))
    assert isinstance(row, ParsedRow)
    original = json.loads(row.dialogue.original or "", parse_constant=lambda name: pytest.fail(name))
    assert (original["turn"], original["x"]) == (None, None)


def test_a_very_long_id_is_replaced_by_its_hash(tmp_path: Path) -> None:
    (row,) = read(jsonl(tmp_path / "a", lmsys(conversation_id="x" * 5000)))
    assert isinstance(row, ParsedRow)
    assert len(row.dialogue.external_id) == 64
    assert row.dialogue.notes == ("id too long, replaced by its sha256",)


@pytest.mark.parametrize("value", [True, 1.5, [], {}, "", "  ", None])
def test_what_cannot_be_an_id_is_none(tmp_path: Path, value: Any) -> None:
    (row,) = read(jsonl(tmp_path / "a", lmsys(conversation_id=value)))
    assert isinstance(row, ParsedRow)
    assert len(row.dialogue.external_id) == 64


def test_odd_values_beside_the_messages_do_no_harm(tmp_path: Path) -> None:
    odd: list[Any] = [True, 7, "x", [], {}, [None], [1], [{"flagged": "yes"}], {"a": 1}]
    for value in odd:
        row = wildchat(language=value, openai_moderation=value, toxic=value, hashed_ip=value)
        (parsed,) = read(jsonl(tmp_path / "a", row))
        assert isinstance(parsed, ParsedRow)


def test_details_are_short_and_printable(tmp_path: Path) -> None:
    row = lmsys(conversation=[{"role": "\x1b[31m\u202e\ud800" * 500, "content": "x"}])
    rows = read(jsonl(tmp_path / "a", GOOD, json.dumps(row).encode()))
    assert isinstance(rows[1], RejectedRow)
    assert len(rows[1].detail) < 250
    assert rows[1].detail.isprintable()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b" \r\n \n", "nothing but white space"),
        (b"\xef\xbb\xbf", "nothing but white space"),
        (b"[]", "holds no rows"),
        (b"{}", "holds no rows"),
        (b"[1, 2, 3]", "no known format: no row is an object"),
        (
            b'{"name": "proutt", "scripts": {"test": "x"}}',
            "no known format: its first object has the keys 'name', 'scripts'",
        ),
        (b'[{"question": "a", "answer": "b"}]', "no known format.*docs/formats.md"),
        (b"name,text\n1,hello\n", "no known format"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "is an image"),
        ("你好".encode("utf-16"), "no known format"),
        (b"[" + GOOD.replace(b'"model"', b'"mo'), "not valid JSON at byte|ends in the middle"),
        (b"[" * 200_000, "ends in the middle"),
        (b"PK\x03\x04 not a zip", "cannot be unpacked"),
        (gzip.compress(GOOD * 50)[:-20], "cannot be unpacked"),
        (b"PAR1 but not parquet", "parquet file cannot be read"),
    ],
)
def test_an_unusable_file_is_refused_at_the_call(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_dialogues(raw(tmp_path / "a.json", content))


def test_missing_files_folders_and_unknown_formats_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no file"):
        read_dialogues(tmp_path / "nothing.json")
    with pytest.raises(InputError, match="no data file in it"):
        read_dialogues(tmp_path)
    with pytest.raises(InputError, match=r"no format 'csv'; known are .*lmsys"):
        read_dialogues(jsonl(tmp_path / "a", lmsys()), format="csv")
    with pytest.raises(InputError, match=r"cannot be read as CrossWOZ: .*'conversation_id'.*Expected: \{id: "):
        read_dialogues(jsonl(tmp_path / "a", lmsys()), format="crosswoz")


@pytest.mark.parametrize(
    ("end", "message"),
    [
        (b"", r"After row 150: the file ends in the middle, at byte \d"),
        (b",", r"Row 151: the file ends in the middle"),
        (b', {"conversation_id": "x', r"Row 151: the file ends in the middle"),
        (b", {'single': 1}]", r"Row 151: not valid JSON at byte [\d,]+: Expecting property name"),
        (b",]", r"Row 151: not valid JSON at byte"),
        (b" 5]", r"After row 150: not valid JSON at byte [\d,]+: expected a comma or “\]”, found '5\]'"),
        (b"] [", r"After the last row \(150\): .*expected the end of the file"),
    ],
)
def test_a_list_broken_in_the_middle_gives_its_rows_and_then_a_clear_error(
    tmp_path: Path, end: bytes, message: str
) -> None:
    path = raw(tmp_path / "a", b"[" + b",".join([GOOD] * 150) + end)
    rows = []
    with pytest.raises(InputError, match=message):
        for row in read_dialogues(path):
            rows.append(row)
    assert len(rows) == 150


def test_the_byte_in_the_message_is_the_byte_in_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_window, "CHUNK", 50)
    start = b"\xef\xbb\xbf[" + b",".join(
        [json.dumps(lmsys(conversation=talk("你好", "é")), ensure_ascii=False).encode()] * 120
    )
    with pytest.raises(InputError, match=f"at byte {len(start) + 2:,}:"):
        list(read_dialogues(raw(tmp_path / "a", start + b" }")))


def test_a_row_longer_than_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_window, "LONGEST_ROW", 2000)
    monkeypatch.setattr(json_window, "CHUNK", 100)
    long = json.dumps(lmsys(conversation=talk("x" * 9000, "ok"))).encode()
    assert rejected(read(jsonl(tmp_path / "a", GOOD, long, GOOD))).reason == "row too long"
    with pytest.raises(InputError, match="is a quotation mark missing"):
        list(read_dialogues(raw(tmp_path / "b", b"[" + GOOD + b"," + long + b"]")))


def test_an_object_may_hold_a_key_again(tmp_path: Path) -> None:
    row = json.dumps({"messages": [{"role": "usr", "content": "你好"}]}).encode()
    rows = read(raw(tmp_path / "a", b'{"7": ' + row + b', "7": ' + row + b"}"))
    assert [row.dialogue.external_id for row in rows if isinstance(row, ParsedRow)] == ["7", "7"]
