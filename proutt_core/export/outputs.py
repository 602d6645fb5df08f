"""Where written bytes go: what a path names is written to, and never replaced by something else.

A plain file, also one behind a link, is complete or as it was. A pipe, a terminal or another open file is written into.
"""

import os
import secrets
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from proutt_core.errors import InputError
from proutt_core.private_files import is_own, private

STDOUT = "-"
_BUFFER = 1 << 20
_LINKS = 40  # as many as Linux follows


@dataclass(frozen=True)
class Output:
    """`file` is the plain file that is to be whole, behind every link; None for anything that is written into."""

    path: Path
    file: Path | None


def is_stdout(path: Path) -> bool:
    """`-`, and every other name of what standard output is: nothing else may then be printed there."""
    if str(path) == STDOUT:
        return True
    try:
        return os.path.samestat(path.stat(), os.fstat(sys.stdout.fileno()))
    except (OSError, ValueError):  # there is no such file, or standard output is none
        return False


def output_at(path: Path) -> Output:
    """Raises InputError for a folder, a disk, a folder that is missing, and where it cannot be told."""
    if is_stdout(path):
        return Output(path, None)
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        mode = stat.S_IFREG
    except (OSError, ValueError) as exc:
        raise InputError(f"cannot write {path}: {getattr(exc, 'strerror', None) or exc}") from exc
    if stat.S_ISDIR(mode) or stat.S_ISBLK(mode):
        raise InputError(f"{path} is a {'folder' if stat.S_ISDIR(mode) else 'disk'}; name a file as --out")
    if not stat.S_ISREG(mode) or _names_an_open_file(path):
        return Output(path, None)
    file = Path(os.path.realpath(path))
    if not file.parent.is_dir():
        raise InputError(f"{file.parent} is not a folder; make it first, or name another --out")
    return Output(path, file)


@contextmanager
def writing(output: Output) -> Iterator[IO[bytes]]:
    """A file to write to. A failure leaves a plain file as it was. Raises InputError where it cannot be written."""
    try:
        if output.file is not None:
            with _replacing(output.file) as file:
                yield file
        elif is_stdout(output.path):
            sys.stdout.flush()
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        else:
            with output.path.open("wb", buffering=_BUFFER) as file:
                yield file
    except OSError as exc:
        raise InputError(f"cannot write {output.path}: {exc.strerror or exc}") from exc


@contextmanager
def _replacing(path: Path) -> Iterator[IO[bytes]]:
    """Under a temporary name, moved into place when the block ends well."""
    part = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with open(part, "xb", buffering=_BUFFER, opener=private if is_own(path) else None) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _names_an_open_file(path: Path) -> bool:
    """/dev/fd/3 and the like lead through /proc: they name a file that a process holds open, not a place for a file."""
    place = str(path)
    for _ in range(_LINKS):
        folder = os.path.realpath(os.path.dirname(place) or ".")
        place = os.path.join(folder, os.path.basename(place))
        if folder.startswith("/proc/"):
            return True
        if not os.path.islink(place):
            return False
        place = os.path.join(folder, os.readlink(place))
    return False
