"""From a data file to rows: unpacking, encodings and the layouts (lists, lines, objects, tables).

The name of the file decides nothing; its first bytes do.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, Literal, cast

from proutt_core.dialogues.files.archives import READ_ERRORS, archive_of, opened_member, unpack_error
from proutt_core.dialogues.files.arrow import arrow_rows, parquet_rows
from proutt_core.dialogues.files.compression import decompressed
from proutt_core.dialogues.files.json_stream import line_rows, list_rows, object_rows, value_rows, wrapped_rows
from proutt_core.dialogues.files.kinds import what_else
from proutt_core.dialogues.files.members import Member, require_regular
from proutt_core.dialogues.files.rows import RawRow
from proutt_core.dialogues.files.sqlite import MAGIC as SQLITE
from proutt_core.dialogues.files.sqlite import sqlite_rows
from proutt_core.dialogues.files.tables import csv_rows
from proutt_core.encodings import LOOKED_AT, encoding_of, recoded
from proutt_core.errors import InputError

Layout = Literal["list", "object", "lines", "values", "wrapped", "csv", "parquet", "arrow", "sqlite"]

BUFFER = LOOKED_AT  # with Python's own 8 kB a line of usual length is put together from two pieces
_LIST_A_LINE = re.compile(rb"\[[^\n]*\][ \t]*,?\r?\n\s*\[")
_ARROW_FILE, _ARROW_STREAM = b"ARROW1", b"\xff\xff\xff\xff"

_OF_TEXT: dict[Layout, Callable[[BinaryIO, int], Iterator[RawRow]]] = {
    "list": list_rows,
    "object": object_rows,
    "lines": line_rows,
    "values": value_rows,
    "wrapped": wrapped_rows,
    "csv": csv_rows,
}
OF_BYTES: dict[Layout, Callable[[BinaryIO, int], Iterator[RawRow]]] = {
    "parquet": parquet_rows,
    "arrow": arrow_rows,
    "sqlite": sqlite_rows,
}


def rows(member: Member, layout: Layout, *, skip: int = 0) -> Iterator[RawRow]:
    """Every row of the file, or those after the first `skip`. InputError where the file itself cannot be read on."""
    with opened(member) as stream:
        if layout in OF_BYTES:
            yield from OF_BYTES[layout](stream, skip)
            return
        yield from _OF_TEXT[layout](_as_utf_8(stream, member.name), skip)


def possible_layouts(member: Member) -> tuple[Layout, ...]:
    """The layouts the first bytes allow, likeliest first. InputError for a file that is missing, empty or not text."""
    with opened(member) as stream:
        head = _peek(stream)
        if not head:
            raise InputError(f"{member.name} is empty.")
        if head.startswith(b"PAR1"):
            return ("parquet",)
        if head.startswith((_ARROW_FILE, _ARROW_STREAM)):
            return ("arrow",)
        if head.startswith(SQLITE):
            return ("sqlite",)
        what = what_else(head)
        if what:
            raise InputError(f"{member.name} is {what}{'' if what.endswith('?') else '.'}")
        text = _as_utf_8(stream, member.name).read(LOOKED_AT).removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")
    if not text and len(head) < LOOKED_AT:
        raise InputError(f"{member.name} holds nothing but white space.")
    if text.startswith(b"["):
        # A list a line: conversations that are bare lists.
        return ("lines", "list", "values") if _LIST_A_LINE.match(text) else ("list", "values")
    if text.startswith(b"{"):
        # A first line without end is more likely one big object than a row: try not to read it whole.
        return ("lines", "values", "object", "wrapped") if b"\n" in text else ("object", "values", "wrapped", "lines")
    return ("lines", "csv")


def encoding_note(member: Member) -> str:
    """What to say of a file whose encoding is a guess; nothing for others and for files that are no text."""
    with opened(member) as stream:
        encoding = encoding_of(_peek(stream))
    if encoding is None or not encoding.is_guess:
        return ""
    return f"read as {encoding.name}, which is a guess: if the texts look wrong, save the file as UTF-8"


@contextmanager
def opened(member: Member) -> Iterator[BinaryIO]:
    """The file's bytes, unpacked. Whatever goes wrong while reading them becomes an InputError."""
    path = member.path
    try:
        require_regular(path)
        size = path.stat().st_size
        kind = archive_of(path) if member.inner else None
        if kind is not None:
            with (
                opened_member(path, member.inner, kind) as inner,
                decompressed(inner, size=size, name=member.name) as stream,
            ):
                yield stream
            return
        with path.open("rb", buffering=BUFFER) as file, decompressed(file, size=size, name=member.name) as stream:
            yield stream
    except READ_ERRORS as exc:
        raise unpack_error(member.name, exc) from exc
    except OSError as exc:
        raise InputError(f"{path} cannot be read: {exc.strerror or exc}") from exc


def _as_utf_8(stream: BinaryIO, name: str) -> BinaryIO:
    encoding = encoding_of(_peek(stream))
    if encoding is None:
        raise InputError(f"{name} is not UTF-8, and its encoding cannot be told: save it as UTF-8.")
    return recoded(stream, encoding)


def _peek(stream: BinaryIO) -> bytes:
    """The first bytes, which stay to be read."""
    peek = cast(Callable[[int], bytes], stream.peek)  # type: ignore[attr-defined]
    return peek(LOOKED_AT)[:LOOKED_AT]
