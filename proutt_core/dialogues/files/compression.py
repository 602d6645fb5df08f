"""Files of one compressed stream: gzip, bzip2, xz, Zstandard; told by their first bytes, read within bounds."""

import bz2
import gzip
import io
import lzma
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Literal, cast

from proutt_core.encodings import LOOKED_AT
from proutt_core.errors import InputError

Compression = Literal["gzip", "bzip2", "xz", "zstd"]

# Text of dialogues packs ten to fifty times; a bomb a thousand times and more.
MOST_TIMES = 200
ALWAYS_ALLOWED = 1 << 30  # bytes
_MAGIC: tuple[tuple[bytes, Compression], ...] = (
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x5d\x00\x00", "xz"),  # .lzma, which came before it
    (b"\x28\xb5\x2f\xfd", "zstd"),
)
HEAD = 6  # bytes that tell them


def compression_of(head: bytes) -> Compression | None:
    return next((name for magic, name in _MAGIC if head.startswith(magic)), None)


def most_bytes(packed_size: int) -> int:
    """How much a file of this size may unpack to."""
    return max(ALWAYS_ALLOWED, MOST_TIMES * packed_size)


@contextmanager
def decompressed(stream: BinaryIO, *, size: int, name: str = "the file") -> Iterator[BinaryIO]:
    """The stream unpacked, however it is packed (or not). `size`: of the packed bytes, for the bound."""
    buffered = stream if hasattr(stream, "peek") else io.BufferedReader(cast(io.RawIOBase, stream), LOOKED_AT)
    kind = compression_of(buffered.peek(HEAD)[:HEAD])
    if kind is None:
        yield buffered
        return
    with _unpacked(buffered, kind) as unpacked:
        bounded = BoundedStream(unpacked, most_bytes(size), name)
        if compression_of(bounded.peek(HEAD)[:HEAD]) is not None:
            raise InputError(f"{name} is packed twice: unpack it once.")
        yield bounded


@contextmanager
def _unpacked(stream: BinaryIO, kind: Compression) -> Iterator[BinaryIO]:
    if kind == "zstd":
        import pyarrow as pa  # it has the codec, and is here for parquet

        try:
            with pa.CompressedInputStream(pa.PythonFile(stream, mode="r"), "zstd") as unpacked:
                yield cast(BinaryIO, unpacked)
        except (pa.ArrowException, OSError) as exc:
            raise EOFError(" ".join(str(exc).split())[:120]) from exc
        return
    module = {"gzip": gzip, "bzip2": bz2, "xz": lzma}[kind]
    with module.open(stream, "rb") as unpacked:
        yield cast(BinaryIO, unpacked)


class BoundedStream(io.BufferedReader):
    """A stream that ends with an InputError where it gives more than `most` bytes: a bomb, most likely."""

    def __init__(self, stream: object, most: int, name: str) -> None:
        super().__init__(_Counted(cast(BinaryIO, stream), most, name), buffer_size=LOOKED_AT)


class _Counted(io.RawIOBase):
    def __init__(self, stream: BinaryIO, most: int, name: str) -> None:
        self._stream = stream
        self._left = most
        self._most = most
        self._name = name

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast(bytearray, buffer))
        piece = self._stream.read(len(view))
        self._left -= len(piece)
        if self._left < 0:
            raise InputError(
                f"{self._name} unpacks to more than {self._most:,} bytes, {MOST_TIMES} times its size: it is not read."
                " If it is no mistake, unpack it first."
            )
        view[: len(piece)] = piece
        return len(piece)
