"""Archives of several files, zip and tar, told by their first bytes; a tar may be compressed."""

import gzip
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Literal, cast

from proutt_core.dialogues.files.compression import BoundedStream, compression_of, decompressed, most_bytes
from proutt_core.dialogues.files.rows import one_line
from proutt_core.errors import InputError

TAR_BLOCK = 512
MOST_IN_TAR = 1000  # files: each is looked for from the front
# While reading, and besides those while opening: damaged directories, methods and passwords that are not known.
READ_ERRORS = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, gzip.BadGzipFile)
OPEN_ERRORS = (*READ_ERRORS, NotImplementedError, RuntimeError, ValueError, struct.error)
_OFFICE = {
    "xl/": "an Excel workbook: save the sheet as CSV",
    "word/": "a Word document: save the dialogues as JSONL or CSV",
    "ppt/": "a PowerPoint file: save the dialogues as JSONL or CSV",
}


def archive_of(path: Path) -> Literal["zip", "tar"] | None:
    """What the file is by its first bytes. InputError for one that cannot be read."""
    try:
        with path.open("rb") as file:
            head = file.read(TAR_BLOCK)
            if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
                return "zip"
            if compression_of(head) is not None:
                file.seek(0)
                with decompressed(cast(BinaryIO, file), size=path.stat().st_size, name=path.name) as stream:
                    head = stream.read(TAR_BLOCK)
    except (OSError, *OPEN_ERRORS):
        return None  # whoever reads it says what is wrong
    return "tar" if _is_tar(head) else None


def _is_tar(head: bytes) -> bool:
    """By the checksum of its first header: the oldest tars bear no other mark."""
    try:
        tarfile.TarInfo.frombuf(head[:TAR_BLOCK], "utf-8", "surrogateescape")
    except (tarfile.TarError, ValueError):
        return False
    return True


def zip_members(path: Path) -> list[str]:
    """Names of the files in it. InputError for one that is damaged, or an office document."""
    with _errors_told(path), zipfile.ZipFile(path) as archive:
        names = [info.filename for info in archive.infolist() if not info.is_dir()]
    for prefix, what in _OFFICE.items():
        if any(name.startswith(prefix) for name in names) and "[Content_Types].xml" in names:
            raise InputError(f"{path.name} is {what}.")
    if "mimetype" in names and "content.xml" in names:
        raise InputError(f"{path.name} is an OpenDocument file: save the sheet as CSV.")
    if any(name.endswith(("/data.pkl", "data.pkl")) for name in names):
        raise InputError(
            f"{path.name} holds pickled objects (a PyTorch file), which are never opened: export as JSONL."
        )
    return _kept(path, names)


def tar_members(path: Path) -> list[str]:
    """Names of the ordinary files in it; links are not followed."""
    names = []
    with _errors_told(path), opened_tar(path) as archive:
        for info in archive:
            if info.isreg():
                names.append(info.name)
            if len(names) > MOST_IN_TAR:
                raise InputError(f"{path.name} holds more than {MOST_IN_TAR:,} files: unpack it and name the folder.")
    return _kept(path, names)


def _kept(path: Path, names: list[str]) -> list[str]:
    kept = [name for name in names if not name.startswith("__MACOSX/") and not PurePosixPath(name).name.startswith(".")]
    if not kept:
        raise InputError(f"{path.name} is an archive without files.")
    return list(dict.fromkeys(kept))


@contextmanager
def opened_tar(path: Path) -> Iterator[tarfile.TarFile]:
    """Read from front to back, so that no compression has to go back."""
    with path.open("rb") as file:
        packed = cast(BinaryIO, file)
        with (
            decompressed(packed, size=path.stat().st_size) as stream,
            tarfile.open(fileobj=stream, mode="r|", errorlevel=1) as archive,
        ):
            yield archive


@contextmanager
def opened_member(path: Path, inner: str, kind: Literal["zip", "tar"]) -> Iterator[BinaryIO]:
    """The bytes of one file of an archive."""
    if kind == "zip":
        with _errors_told(path):
            archive = zipfile.ZipFile(path)
            stream = archive.open(inner)
        with archive, stream:
            yield BoundedStream(stream, most_bytes(path.stat().st_size), path.name)
        return
    with opened_tar(path) as tar:
        for info in tar:
            if info.isreg() and info.name == inner:
                yield BoundedStream(tar.extractfile(info), most_bytes(path.stat().st_size), path.name)
                return
        raise InputError(f"{path.name} does not hold {inner} any more.")


@contextmanager
def _errors_told(path: Path) -> Iterator[None]:
    try:
        yield
    except OPEN_ERRORS as exc:
        raise unpack_error(path.name, exc) from exc


def unpack_error(name: str, exc: Exception) -> InputError:
    text = one_line(exc)[:120] or type(exc).__name__
    if "password" in text:
        return InputError(f"{name} is locked with a password: unpack it first.")
    if "compression" in text and "not supported" in text:
        return InputError(f"{name} is packed in a way that is not known here ({text}): unpack it first.")
    return InputError(f"{name} cannot be unpacked: {text}. Is it cut off?")
