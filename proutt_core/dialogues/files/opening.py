"""From a path to rows: unpacking (.zip, .gz) and the four layouts (list, object, lines, parquet).

The name of the file decides nothing; its first bytes do.
"""

import gzip
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, Literal, cast

from proutt_core.dialogues.files.json_stream import line_rows, list_rows, object_rows
from proutt_core.dialogues.files.members import Member
from proutt_core.dialogues.files.parquet import parquet_rows
from proutt_core.dialogues.files.rows import RawRow
from proutt_core.errors import InputError

Layout = Literal["list", "object", "lines", "parquet"]

BUFFER = 1 << 18  # bytes: with Python's own 8 kB a line of usual length is put together from two pieces
_WIDE_BOMS = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")


def rows(member: Member, layout: Layout, *, skip: int = 0) -> Iterator[RawRow]:
    """Every row of the file, or those after the first `skip`. InputError where the file itself cannot be read on."""
    if layout == "parquet":
        yield from parquet_rows(member.path, skip)
        return
    read_rows = {"list": list_rows, "object": object_rows, "lines": line_rows}[layout]
    with opened(member) as stream:
        yield from read_rows(stream, skip)


def possible_layouts(member: Member) -> tuple[Layout, ...]:
    """The layouts the first bytes allow, likeliest first. InputError for a file that is missing, empty or not text."""
    path = member.path
    with opened(member) as stream:
        head = stream.read(1 << 20)
    if not head:
        raise InputError(f"{path.name} is empty.")
    if head.startswith(b"PAR1"):
        if _packing(path) != "plain":
            raise InputError(f"{path.name} holds a parquet file: unpack it first.")
        return ("parquet",)
    if head.startswith(_WIDE_BOMS):
        raise InputError(f"{path.name} is UTF-16 or UTF-32 text: save it as UTF-8.")
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")
    if not text and len(head) < 1 << 20:
        raise InputError(f"{path.name} holds nothing but white space.")
    if text.startswith(b"["):
        return ("list",)
    if text.startswith(b"{"):
        # A first line without end is more likely one big object than a row: try not to read it whole.
        return ("lines", "object") if b"\n" in text else ("object", "lines")
    return ("lines",)


@contextmanager
def opened(member: Member) -> Iterator[BinaryIO]:
    """The file's bytes, unpacked. Whatever goes wrong while reading them becomes an InputError."""
    path = member.path
    try:
        packing = _packing(path)
        if packing == "zip":
            with _open_zip(path) as archive, _open_member(path, archive) as stream:
                yield cast(BinaryIO, stream)
        elif packing == "gzip":
            with gzip.open(path, "rb") as stream:
                yield cast(BinaryIO, stream)
        else:
            with path.open("rb", buffering=BUFFER) as stream:
                yield stream
    except FileNotFoundError as exc:
        raise InputError(f"There is no file {path}.") from exc
    except IsADirectoryError as exc:
        raise InputError(f"{path} is a folder: name one file in it.") from exc
    except PermissionError as exc:
        raise InputError(f"{path} may not be read: {exc.strerror}.") from exc
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, gzip.BadGzipFile) as exc:
        raise InputError(f"{path.name} cannot be unpacked: {exc}. Is it cut off?") from exc
    except OSError as exc:
        raise InputError(f"{path} cannot be read: {exc}") from exc


def _packing(path: Path) -> Literal["zip", "gzip", "plain"]:
    with path.open("rb") as file:
        magic = file.read(4)
    if magic.startswith(b"PK\x03\x04") or magic.startswith(b"PK\x05\x06"):
        return "zip"
    return "gzip" if magic.startswith(b"\x1f\x8b") else "plain"


def _open_zip(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (NotImplementedError, ValueError, struct.error) as exc:  # what zipfile raises for damaged directories
        raise InputError(f"{path.name} cannot be unpacked: {exc}") from exc


def _open_member(path: Path, archive: zipfile.ZipFile) -> IO[bytes]:
    member = _only_member(path, archive)
    try:
        return archive.open(member)
    except (NotImplementedError, RuntimeError, ValueError, struct.error) as exc:  # a method or password it lacks
        raise InputError(f"{path.name} cannot be unpacked: {exc}") from exc


def _only_member(path: Path, archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    members = [
        info
        for info in archive.infolist()
        if not info.is_dir()
        and not info.filename.startswith("__MACOSX/")
        and not Path(info.filename).name.startswith(".")
    ]
    if len(members) != 1:
        names = ", ".join(info.filename for info in members[:5]) or "none"
        raise InputError(
            f"{path.name} should hold exactly one file, not {len(members)} ({names}): unpack it and name one."
        )
    return members[0]
