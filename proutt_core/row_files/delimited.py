"""Tables as text: comma, semicolon, tab or bar between the columns, as spreadsheets save them."""

import csv
import io

from proutt_core.dialogues.files.tables import SEP_LINE, separator_of
from proutt_core.errors import InputError
from proutt_core.row_files.rows import Row, Rows

LONGEST_CELL = 64 << 20  # characters


def table_rows(text: str, name: str) -> Rows:
    """The records under the header, numbered as a spreadsheet does. Blank ones before it and a first line
    `sep=;` count for nothing.

    InputError, with the row, for a record of another length than the header, and for quotes that never close.
    """
    csv.field_size_limit(LONGEST_CELL)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    first, end, rest = text.partition("\n")
    sep = SEP_LINE.fullmatch(first + end)
    body = rest if sep else text
    names_line = next((line for line in body.split("\n", 3) if line.strip()), "")
    separator = sep.group(1) if sep else separator_of(names_line)
    reader = csv.reader(io.StringIO(body, newline="\n"), delimiter=separator, strict=True)
    try:
        return _rows(name, list(reader), separator)
    except csv.Error as exc:
        why = str(exc).replace("\t", "tab")
        raise InputError(f"{name}, line {reader.line_num}: not readable as CSV ({why}); check its quotes") from exc


def _rows(name: str, records: list[list[str]], separator: str) -> Rows:
    first = next((n for n, cells in enumerate(records) if any(cell.strip() for cell in cells)), 0)
    columns = [column.strip() for column in records[first]] if records else []
    rows = []
    for number, cells in enumerate(records[first + 1 :], start=first + 2):
        if not any(cell.strip() for cell in cells):
            continue
        while len(cells) > len(columns) and not cells[-1].strip():
            cells.pop()
        if len(cells) != len(columns):
            word = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}.get(separator, repr(separator))
            raise InputError(
                f"{name}, row {number}: {len(cells)} fields where the header has {len(columns)}; put quotes around"
                f" values that contain {word}"
            )
        rows.append(Row(f"row {number}", dict(zip(columns, cells, strict=True))))
    return Rows(tuple(columns), tuple(rows))
