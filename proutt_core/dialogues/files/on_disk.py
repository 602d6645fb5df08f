"""A stream as a file on disk, for readers that go back and forth in it."""

import io
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def on_disk(stream: BinaryIO) -> Iterator[Path]:
    """The file itself where the stream is one, otherwise a copy that is gone afterwards."""
    raw = getattr(stream, "raw", None)
    if isinstance(raw, io.FileIO) and isinstance(raw.name, str):
        yield Path(raw.name)
        return
    with tempfile.NamedTemporaryFile(prefix="proutt-") as file:
        shutil.copyfileobj(stream, file, 1 << 20)
        file.flush()
        yield Path(file.name)
