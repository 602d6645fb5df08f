"""The file → rows: what it is, told by its first bytes and never by its name."""

import re
from io import BytesIO
from pathlib import Path
from typing import Any

from proutt_core.dialogues.files.arrow import parquet_rows
from proutt_core.dialogues.files.kinds import HEAD, what_else
from proutt_core.dialogues.files.members import Member
from proutt_core.dialogues.files.opening import opened
from proutt_core.encodings import LOOKED_AT, Encoding, encoding_of
from proutt_core.errors import InputError
from proutt_core.row_files import spreadsheet
from proutt_core.row_files.delimited import table_rows
from proutt_core.row_files.json_rows import json_rows
from proutt_core.row_files.rows import Rows, rows_of_objects

MOST_BYTES = 256 << 20  # of the file, unpacked: more is read by nobody at once
# Fewer bytes than these tell one encoding from another too badly; then it is one of what Excel writes.
FEWEST_TOLD = 64

_PAIRS = re.compile(rb"(?:[\x81-\xfe][\x80-\xfe])+")


def rows_in(path: Path, *, name: str) -> Rows:
    """InputError that names the file as `name`, says what it is, and what would help, where it holds no rows."""
    data = _bytes(path, name)
    if data.startswith(spreadsheet.MAGIC):
        return spreadsheet.workbook_rows(data, name)
    if data.startswith(b"PAR1"):
        return rows_of_objects(_parquet(data, name))
    what = what_else(data[:HEAD])
    if what:
        raise InputError(f"{name} is {what}")
    encoding = _encoding(data)
    text = _text(data, encoding, name)
    if not text.strip():
        raise InputError(f"{name} is empty; expected rows of named values")
    rows = json_rows(text, name) if text.lstrip()[:1] in ("[", "{") else table_rows(text, name)
    if not encoding.is_guess:
        return rows
    note = f"read as {encoding.name}, which is a guess: if names look wrong, save the file as UTF-8"
    return Rows(rows.columns, rows.rows, (*rows.notes, note))


def _parquet(data: bytes, name: str) -> list[tuple[str, Any]]:
    raw = list(parquet_rows(BytesIO(data)))
    wrong = next((row for row in raw if row.error is not None), None)
    if wrong is not None:
        raise InputError(f"{name}, row {wrong.number}: a value that cannot be read; save the table as CSV")
    return [(f"row {row.number}", row.value) for row in raw]


def _bytes(path: Path, name: str) -> bytes:
    if path.is_dir():
        raise InputError(f"{name} is a folder; name one file")
    if path.is_file() and not path.stat().st_size:
        raise InputError(f"{name} is empty; expected rows of named values")
    with opened(Member(path, name)) as stream:
        data = stream.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise InputError(f"{name} has more than {MOST_BYTES >> 20} MB: too much to be read at once")
    return data


def _encoding(data: bytes) -> Encoding:
    """A name or two in a small file is not enough to tell encodings apart: then GB18030 where every letter that is not
    ASCII is a pair of its bytes, else Western Europe's, which Excel writes without a word."""
    marked = encoding_of(data[:LOOKED_AT])
    if marked is not None and marked.mark_length:
        return marked
    if marked is not None and not marked.is_utf_8:
        high = sum(byte > 0x7F for byte in data[:LOOKED_AT])
        if high >= FEWEST_TOLD or marked.name.startswith("utf"):
            return marked
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        runs = re.findall(rb"[\x80-\xff]+", data)
        paired = all(_PAIRS.fullmatch(run) for run in runs)
        return Encoding("gb18030" if paired else "cp1252", is_guess=True)
    return Encoding("utf-8")


def _text(data: bytes, encoding: Encoding, name: str) -> str:
    body = data[encoding.mark_length :]
    try:
        return body.decode(encoding.name).removeprefix("\ufeff")
    except UnicodeDecodeError as exc:
        line = body.count(b"\n", 0, exc.start) + 1
        raise InputError(f"{name}, line {line}: bytes that are no text in {encoding.name}; save it as UTF-8") from exc
