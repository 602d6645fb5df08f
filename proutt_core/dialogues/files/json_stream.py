"""Rows out of JSON text of any size: a list of rows, an object of rows, one row a line, one value after another, or a
list inside an object."""

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any, BinaryIO

from proutt_core.dialogues.files import json_window
from proutt_core.dialogues.files.exact_orjson import NotExact, loads_if_exact
from proutt_core.dialogues.files.json_window import BOM, DECODER, Window, row_error
from proutt_core.dialogues.files.rows import NOT_JSON, NOT_UTF8, TOO_LONG, RawRow, RowError, short_repr
from proutt_core.dialogues.files.split_names import split_named
from proutt_core.errors import InputError

DEEPEST = 2  # objects within the object that is the file
RECORD_MARK = "\x1e"  # before each line of a JSON text sequence
# Lists beside the dialogues, folded.
_NO_DIALOGUES = {
    *("users", "members", "participants", "authors", "contributors", "tags", "labels", "errors", "models", "features"),
    *("categories", "metadata", "meta", "info", "config", "schema", "fields", "columns", "paging", "links", "stats"),
}


def list_rows(stream: BinaryIO, skip: int = 0) -> Iterator[RawRow]:
    """The elements of the JSON list that is the whole file, without the first `skip`."""
    window = Window(stream)
    for number in _items(window, "[", "]"):
        value, error = window.value(f"Row {number}")
        if number > skip:
            yield RawRow(number, value, error=error)


def object_rows(stream: BinaryIO, skip: int = 0) -> Iterator[RawRow]:
    """The values of the JSON object that is the whole file, each with its key, without the first `skip`. A key may
    appear more than once."""
    window = Window(stream)
    for number in _items(window, "{", "}"):
        where = f"Row {number}"
        key, error = _key(window, where)
        value, value_error = window.value(where)
        if number > skip:
            yield RawRow(number, value, key=key, error=error or value_error)


def _key(window: Window, where: str) -> tuple[str, RowError | None]:
    """The key of an object's item; the window is then before the value."""
    if window.peek() != '"':
        raise _unexpected_text(window, where, "a key in quotation marks")
    key, error = window.value(where)
    if window.peek() != ":":
        raise _unexpected_text(window, where, "a colon")
    window.pos += 1
    window.peek()
    return key, error


def _items(window: Window, opening: str, closing: str, *, ends_file: bool = True) -> Iterator[int]:
    """The number of each item in turn, with the window before it; consumes the brackets and commas. `ends_file`:
    nothing may follow."""
    if window.peek() != opening:
        raise _unexpected_text(window, "Start of the file", f"“{opening}”")
    window.pos += 1
    number = 0
    while window.peek() != closing or number:
        number += 1
        yield number
        after = window.peek()
        if after == closing:
            break
        if after != ",":
            raise _unexpected_text(window, f"After row {number}", f"a comma or “{closing}”")
        window.pos += 1
        window.peek()
    window.pos += 1
    if ends_file and window.peek():
        raise _unexpected_text(window, f"After the last row ({number})", "the end of the file")


def _unexpected_text(window: Window, where: str, expected: str) -> InputError:
    if not window.peek():
        return window.broken(where)
    excerpt = short_repr(window.text[window.pos : window.pos + 20])
    return InputError(
        f"{where}: not valid JSON at byte {window.byte(window.pos):,}: expected {expected}, found {excerpt}."
    )


def value_rows(stream: BinaryIO, skip: int = 0) -> Iterator[RawRow]:
    """One JSON value after another, each over as many lines as it likes: objects that were printed for people, or one
    value that is the whole file."""
    window = Window(stream)
    number = 0
    while window.peek():
        number += 1
        value, error = window.value(f"Value {number}")
        if number > skip:
            yield RawRow(number, value, error=error)


def wrapped_rows(stream: BinaryIO, skip: int = 0) -> Iterator[RawRow]:
    """The elements of the lists inside the object that is the whole file: `{"version": 1, "data": [...]}`.

    Of lists of objects (or of lists) the first is read, and every one whose key names a split: `{"train": [...],
    "test": [...]}`; an element then says its split. Nothing where there is no such list.
    """
    yield from islice(_wrapped(Window(stream), depth=0), skip, None)


def _wrapped(window: Window, *, depth: int) -> Iterator[RawRow]:
    number = 0
    for key_number in _items(window, "{", "}", ends_file=depth == 0):
        where = f"The value of key {key_number}"
        key, _ = _key(window, f"Key {key_number}")
        split = split_named(key) if isinstance(key, str) else None
        is_wanted = split is not None or (number == 0 and folded_key(key) not in _NO_DIALOGUES)
        start = window.peek()
        if is_wanted and start == "[" and _holds_objects(window):
            for _ in _items(window, "[", "]", ends_file=False):
                number += 1
                value, error = window.value(f"Row {number}")
                if split is not None and isinstance(value, dict):
                    value = {"split": split} | value
                yield RawRow(number, value, error=error)
        elif is_wanted and start == "{" and depth < DEEPEST:
            for row in _wrapped(window, depth=depth + 1):
                number += 1
                yield replace(row, number=number)
        else:
            window.value(where)


def folded_key(key: object) -> str:
    return str(key).lower().replace("_", "").replace("-", "")


def _holds_objects(window: Window) -> bool:
    """Whether the list that starts at `pos` begins with an object or a list."""
    start = window.pos
    while len(window.text) - start < json_window.LOOKED_AHEAD and not window.ended:
        window.pos = start
        window.more()
        start = window.pos
    return window.text[start + 1 : start + json_window.LOOKED_AHEAD].lstrip()[:1] in ("{", "[")


def line_rows(stream: BinaryIO, skip: int = 0) -> Iterator[RawRow]:
    """One row a line (JSONL). Lines end with LF or CRLF only: form feed, U+2028 and the like are text. A bad line costs
    that line; blank lines are skipped but counted. The first `skip` rows are skipped unread."""
    number = rows = 0
    while line := stream.readline(json_window.LONGEST_ROW + 1):
        number += 1
        if len(line) > json_window.LONGEST_ROW:
            while line and not line.endswith(b"\n"):
                line = stream.readline(json_window.CHUNK)
            row = RawRow(number, error=RowError(TOO_LONG, f"more than {json_window.LONGEST_ROW:,} bytes"))
        elif not line.strip(b" \t\r\n\xef\xbb\xbf"):
            continue
        elif rows >= skip:
            row = _line(number, line)
        rows += 1
        if rows > skip:
            yield row


def _line(number: int, line: bytes) -> RawRow:
    try:
        return RawRow(number, loads_if_exact(line))
    except NotExact:
        return _line_with_care(number, line)


def _line_with_care(number: int, line: bytes) -> RawRow:
    try:
        return RawRow(number, _decoded(line.decode("utf-8").removeprefix(BOM).removeprefix(RECORD_MARK)))
    except UnicodeDecodeError as exc:
        error = RowError(NOT_UTF8, f"byte {exc.start + 1} of the line")
    except json.JSONDecodeError as exc:
        error = RowError(NOT_JSON, f"{exc.msg}, character {exc.pos + 1} of the line")
    except (ValueError, RecursionError) as exc:
        error = row_error(exc)
    return RawRow(number, error=error)


def _decoded(text: str) -> Any:
    """The line's value; a comma after it, as in a list that lost its brackets, is passed over."""
    try:
        return DECODER.decode(text)
    except json.JSONDecodeError:
        shorter = text.rstrip()
        if not shorter.endswith(","):
            raise
        try:
            return DECODER.decode(shorter[:-1])
        except json.JSONDecodeError:
            pass
        raise
