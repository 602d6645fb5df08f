"""Rows out of a parquet file, a few at a time."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from proutt_core.dialogues.rows import UNREADABLE, RawRow, RowError
from proutt_core.errors import InputError

BATCH = 256


def parquet_rows(path: Path) -> Iterator[RawRow]:
    """The rows in order, as dicts. A value that cannot be made in Python (a timestamp out of range, text that is not
    UTF-8) costs its row; a file that pyarrow cannot read raises InputError."""
    import pyarrow as pa  # 0.1 s and 40 MB: only when such a file is read
    import pyarrow.parquet as pq

    number = 0
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=BATCH):
                for value, error in _values(batch):
                    number += 1
                    yield RawRow(number, value, error=error)
    except (pa.ArrowException, OSError) as exc:
        raise InputError(f"{path.name}: the parquet file cannot be read after row {number}: {str(exc)[:200]}") from exc


def _values(batch: Any) -> Iterator[tuple[Any, RowError | None]]:
    try:
        rows = batch.to_pylist()
    except (ValueError, OverflowError):  # UnicodeDecodeError and ArrowInvalid are ValueErrors
        for i in range(batch.num_rows):
            try:
                yield batch.slice(i, 1).to_pylist()[0], None
            except (ValueError, OverflowError) as exc:
                yield None, RowError(UNREADABLE, str(exc)[:120])
    else:
        for row in rows:
            yield row, None
