"""Rows out of parquet and Arrow files, a few at a time."""

from collections.abc import Iterator
from typing import Any, BinaryIO

from proutt_core.dialogues.files.on_disk import on_disk
from proutt_core.dialogues.files.rows import UNREADABLE, RawRow, RowError, one_line
from proutt_core.errors import InputError

BATCH = 128  # as Python values a row takes several times what it takes in the file


def parquet_rows(stream: BinaryIO, skip: int = 0) -> Iterator[RawRow]:
    """The rows after the first `skip`, in order, as dicts. A value that cannot be made in Python (a timestamp out of
    range, text that is not UTF-8) costs its row; a file that pyarrow cannot read raises InputError."""
    import pyarrow.parquet as pq  # 0.1 s and 40 MB: only when such a file is read

    def batches() -> Iterator[Any]:
        # One column chunk at a time and by one thread: read ahead, a large row group would be in memory twice.
        with on_disk(stream) as path, pq.ParquetFile(path, pre_buffer=False) as file:
            yield from file.iter_batches(batch_size=BATCH, use_threads=False)

    return _rows(batches(), "the parquet file", skip)


def arrow_rows(stream: BinaryIO, skip: int = 0) -> Iterator[RawRow]:
    """The same for an Arrow file or stream, as `save_to_disk` of Hugging Face's datasets writes it."""
    import pyarrow as pa

    def batches() -> Iterator[Any]:
        with on_disk(stream) as path, pa.OSFile(str(path)) as file:
            if file.read(6) == b"ARROW1":
                reader = pa.ipc.open_file(str(path))
                tables = (reader.get_batch(number) for number in range(reader.num_record_batches))
            else:
                file.seek(0)
                tables = iter(pa.ipc.open_stream(file))
            for table in tables:
                table.validate(full=True)  # offsets of a damaged file would lead anywhere in the memory
                yield from (table.slice(start, BATCH) for start in range(0, table.num_rows, BATCH))

    return _rows(batches(), "the Arrow file", skip)


def _rows(batches: Iterator[Any], what: str, skip: int) -> Iterator[RawRow]:
    import pyarrow as pa

    number = 0
    try:
        for batch in batches:
            passed = min(batch.num_rows, max(0, skip - number))
            number += passed
            for value, error in _values(batch.slice(passed)):
                number += 1
                yield RawRow(number, value, error=error)
        pa.default_memory_pool().release_unused()
    except (pa.ArrowException, OSError, ValueError, OverflowError) as exc:  # ValueError: names that are not UTF-8
        raise InputError(f"{what} cannot be read after row {number}: {one_line(exc)}") from exc


def _values(batch: Any) -> Iterator[tuple[Any, RowError | None]]:
    try:
        rows = batch.to_pylist()
    except (ValueError, OverflowError):  # UnicodeDecodeError and ArrowInvalid are ValueErrors
        for i in range(batch.num_rows):
            try:
                yield batch.slice(i, 1).to_pylist()[0], None
            except (ValueError, OverflowError) as exc:
                yield None, RowError(UNREADABLE, one_line(exc)[:120])
    else:
        for row in rows:
            yield row, None
