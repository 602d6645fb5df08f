"""Excel workbooks (.xlsx, .xlsm): the first visible sheet that holds anything."""

import datetime
import zipfile
from io import BytesIO
from typing import Any

from proutt_core.errors import InputError
from proutt_core.row_files.rows import Row, Rows, text_of

MAGIC = b"PK\x03\x04"
MOST_BYTES = 512 << 20  # unpacked: more is read by nobody at once
MOST_COLUMNS = 1000
MOST_CELLS = 20_000_000


def workbook_rows(data: bytes, name: str) -> Rows:
    """The rows under the first row that holds anything, which names the columns. Row numbers are the sheet's own.

    InputError for an archive that is no workbook, a damaged or protected one, and one that is too large.
    """
    from openpyxl import load_workbook  # 0.2 s: only when such a file is read

    _require_workbook(data, name)
    try:
        book = load_workbook(BytesIO(data), read_only=True, data_only=True, keep_links=False)
        sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        for sheet in sheets:
            rows = _rows_of(sheet, name)
            if rows.columns:
                others = len(sheets) - 1
                note = (f'only the sheet "{sheet.title}" is read',) if others else ()
                return Rows(rows.columns, rows.rows, note)
    except InputError:
        raise
    except Exception as exc:
        raise InputError(f"{name} is a damaged Excel workbook ({type(exc).__name__}); save the sheet as CSV") from exc
    return Rows((), ())


def _require_workbook(data: bytes, name: str) -> None:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as exc:
        raise InputError(f"{name} is a damaged zip archive or Excel workbook; save the sheet as CSV") from exc
    names = {member.filename for member in members}
    if "xl/workbook.xml" not in names:
        what = (
            "an OpenDocument file: save the sheet as CSV" if "mimetype" in names else "a zip archive: unpack it first"
        )
        raise InputError(f"{name} is {what}")
    if sum(member.file_size for member in members) > MOST_BYTES:
        raise InputError(f"{name} takes more than {MOST_BYTES >> 20} MB unpacked: too much to be read at once")


def _rows_of(sheet: Any, name: str) -> Rows:
    # What a sheet says of its own size may be wrong; without it, rows come as long as they are.
    sheet.reset_dimensions()
    columns: list[str] = []
    rows: list[Row] = []
    cells = 0
    for number, record in enumerate(sheet.iter_rows(values_only=True), start=1):
        values = [_plain(value) for value in record]
        if not any(text_of(value) for value in values):
            continue
        cells += len(values)
        if (len(values) > MOST_COLUMNS and not columns) or cells > MOST_CELLS:
            raise InputError(f"{name}, row {number}: more columns or cells than such a file has")
        if not columns:
            columns = [text_of(value) for value in values]
            continue
        rows.append(Row(f"row {number}", dict(zip(columns, values, strict=False))))
    return Rows(tuple(columns), tuple(rows))


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime.date | datetime.time) else value
