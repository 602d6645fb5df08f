"""Files that people hand in through the browser, kept until they are imported.

Each lies in a folder with a random name, under its own name as far as that is harmless: messages about it can then
name it. `data/uploads` is under the working directory, as the database is.
"""

import re
import secrets
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from proutt_core.errors import InputError
from proutt_core.private_files import OWN_FOLDER, make_private_folder, private

FOLDER = OWN_FOLDER / "uploads"
CHUNK = 1 << 20
LONGEST_NAME = 80


def safe_name(name: str) -> str:
    """The last part of the name, without what could lead anywhere or mean something to a shell."""
    last = re.split(r"[/\\]", name)[-1]
    return re.sub(r"[^\w.-]+", "_", last)[-LONGEST_NAME:].lstrip("._-") or "upload"


def save_upload(stream: IO[bytes], name: str, *, folder: Path = FOLDER) -> Path:
    """Write the stream to disk piece by piece; returns its path. InputError where that cannot be done."""
    place = folder.resolve() / secrets.token_hex(8)
    path = place / safe_name(name)
    try:
        make_private_folder(place)
        with open(path, "xb", opener=private) as file:
            shutil.copyfileobj(stream, file, CHUNK)
    except OSError as exc:
        shutil.rmtree(place, ignore_errors=True)
        raise InputError(f"the upload could not be stored: {exc.strerror or exc}") from exc
    return path


def is_upload(path: Path | str, *, folder: Path = FOLDER) -> bool:
    return Path(path).resolve().parent.parent == folder.resolve()


def remove_uploads(paths: Iterable[Path | str], *, folder: Path = FOLDER) -> bool:
    """Remove files that `save_upload` stored, and no others. True if any was there."""
    removed = [remove_upload(path, folder=folder) for path in paths]
    return any(removed)


def remove_upload(path: Path | str, *, folder: Path = FOLDER) -> bool:
    """Remove a file that `save_upload` stored; anything else is left alone. True if it was there."""
    if not is_upload(path, folder=folder) or not Path(path).exists():
        return False
    shutil.rmtree(Path(path).resolve().parent)
    return True
