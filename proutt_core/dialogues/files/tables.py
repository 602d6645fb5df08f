"""Rows out of CSV text: comma, semicolon, tab or bar between the columns, the first row their names."""

import csv
import io
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, BinaryIO

from proutt_core.dialogues.files.json_window import LONGEST_ROW
from proutt_core.dialogues.files.rows import NOT_UTF8, UNREADABLE, RawRow, RowError

SEPARATORS = ",;\t|"
MOST_COLUMNS = 1000

SEP_LINE = re.compile(r"\ufeff?\"?sep=(.)\"?\r?\n", re.IGNORECASE)  # what Excel reads and writes before the names
_ESCAPED = re.compile("[\udc80-\udcff]")


def csv_rows(stream: BinaryIO, skip: int = 0) -> Iterator[RawRow]:
    """One dict a record, numbered with the names' row as 1. A record with more cells than names, or with bytes that are
    no text, costs that record. Nothing where the first row does not name the columns."""
    csv.field_size_limit(LONGEST_ROW)
    text = io.TextIOWrapper(stream, encoding="utf-8", errors="surrogateescape", newline="")
    try:
        first = _first_line(text)
        told = SEP_LINE.fullmatch(first)
        names_line = text.readline(LONGEST_ROW) if told else first
        separator = told.group(1) if told else separator_of(names_line)
        names = _names(next(csv.reader([names_line], delimiter=separator), []))
        if not names:
            return
        records = csv.reader(text, delimiter=separator)
        rows = (_row(number, names, cells) for number, cells in enumerate(_records(records), 2) if cells)
        yield from islice(rows, skip, None)
    finally:
        text.detach()


def _records(records: Iterator[list[str]]) -> Iterator[list[str] | RowError]:
    while True:
        try:
            yield next(records)
        except StopIteration:
            return
        except csv.Error as exc:
            yield RowError(UNREADABLE, str(exc)[:120])


def separator_of(line: str) -> str:
    """The separator that makes most columns of the line."""
    return max(SEPARATORS, key=lambda separator: len(next(csv.reader([line], delimiter=separator), [])))


def _first_line(text: io.TextIOWrapper) -> str:
    while (line := text.readline(LONGEST_ROW)) and not line.strip("\ufeff \t\r\n"):
        pass
    return line


def _names(cells: list[str]) -> list[str]:
    """All different: a nameless column (an index, one behind a last separator) and one whose name is taken get names.
    Empty where it is no table."""
    names: list[str] = []
    for number, cell in enumerate(cells, 1):
        name = cell.strip().removeprefix("\ufeff") or f"column {number}"
        names.append(f"{name} {number}" if name in names else name)
    return names if 1 < len(names) <= MOST_COLUMNS else []


def _row(number: int, names: list[str], cells: list[str] | RowError) -> RawRow:
    if isinstance(cells, RowError):
        return RawRow(number, error=cells)
    if len(cells) > len(names):
        return RawRow(number, error=RowError(UNREADABLE, f"{len(cells)} cells, but {len(names)} columns"))
    if any(_ESCAPED.search(cell) for cell in cells):
        return RawRow(number, error=RowError(NOT_UTF8))
    value: dict[str, Any] = dict.fromkeys(names)
    value.update(zip(names, cells, strict=False))
    return RawRow(number, value)
