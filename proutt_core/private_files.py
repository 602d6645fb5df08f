"""Files that no other account of the machine may read: passwords, dialogues and answers lie in them.

They are made with these rights, not given them afterwards: nobody can have opened them in between.
"""

import os
import stat
from contextlib import suppress
from pathlib import Path

# Under the working directory: the database unless another is named, uploads, exports of pages, the demo accounts.
OWN_FOLDER = Path("data")
_FOLDER, _FILE = 0o700, 0o600
_OTHERS = 0o077


def make_private_folder(folder: Path) -> None:
    """And every missing one above it. A folder that is there stays as it is. Raises OSError."""
    if folder.is_dir():
        return
    make_private_folder(folder.parent)
    folder.mkdir(mode=_FOLDER, exist_ok=True)


def private(path: str, flags: int) -> int:
    """An `opener` for `open`: a file that is made so is private from its first moment."""
    return os.open(path, flags, _FILE)


def is_own(path: Path) -> bool:
    """Whether it lies in the folder whose files are the server's own."""
    return path.resolve().is_relative_to(OWN_FOLDER.resolve())


def tighten_own_folder() -> None:
    """What earlier versions left open to others in our own folder. A folder behind a link is somebody's choice."""
    if OWN_FOLDER.is_symlink() or not OWN_FOLDER.is_dir():
        return
    tighten(OWN_FOLDER)
    for folder, folders, files in os.walk(OWN_FOLDER):
        for name in (*folders, *files):
            tighten(Path(folder, name))


def tighten(path: Path) -> None:
    """Take others' rights to a file or folder of this account; any other, and a link, is left alone."""
    with suppress(OSError):  # gone meanwhile, or on a disk without rights or without writing
        found = path.lstat()
        is_ours = hasattr(os, "geteuid") and found.st_uid == os.geteuid()
        if is_ours and found.st_mode & _OTHERS and stat.S_IFMT(found.st_mode) in (stat.S_IFREG, stat.S_IFDIR):
            path.chmod(stat.S_IMODE(found.st_mode) & ~_OTHERS)
