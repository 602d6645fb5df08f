"""The data files that a path leads to: the file itself, or those in it where it is a folder or an archive."""

import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from proutt_core.dialogues.files.archives import archive_of, tar_members, zip_members
from proutt_core.dialogues.files.split_names import split_in_name
from proutt_core.errors import InputError
from proutt_core.types import Split

MOST_FILES = 10_000

_DIGITS = re.compile(r"([0-9]+)")
# Beside data files in folders and archives; anything else is opened to see whether it holds dialogues.
_NO_DATA_NAMES = {
    *("license", "licence", "copying", "notice", "readme", "changelog", "makefile", "dockerfile", "sha256sums"),
    *("dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json", "package.json"),
}
_NO_DATA_SUFFIXES = {
    *(".md", ".rst", ".pdf", ".html", ".htm", ".css", ".js", ".py", ".sh", ".ipynb", ".yaml", ".yml", ".toml", ".lock"),
    *(".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".ico", ".heic", ".wav", ".mp3", ".mp4", ".m4a", ".dat"),
    *(".bib", ".tex", ".cff", ".sha256", ".md5", ".log", ".safetensors", ".bin", ".pt", ".pkl", ".npy", ".gguf"),
}


@dataclass(frozen=True, slots=True)
class Member:
    """A data file: a file on disk, or one inside the archive that this file is.

    `name` is what reports call it. `split` is what its name or its folder's says: `train.jsonl`, `test/part-1.parquet`.
    A file that somebody named himself (`is_named`) must be readable; others are left out where they are not.
    """

    path: Path
    name: str
    inner: str = ""  # its name in the archive; empty where the file is no archive
    split: Split | None = None
    is_named: bool = True


@dataclass(frozen=True, slots=True)
class FileNote:
    """What a report says of one file of several: why it is not read, or how it is."""

    name: str
    note: str


def members_of(paths: Sequence[Path]) -> tuple[tuple[Member, ...], tuple[FileNote, ...]]:
    """The data files in a stable order (part 2 before part 10), and why other files are left out.

    Raises InputError for a path that leads to no file, to a device or a pipe, or to too many files.
    """
    members: list[Member] = []
    notes: list[FileNote] = []
    for path in dict.fromkeys(paths):
        for member in _members_at(path, notes):
            why = _why_left_out(member)
            if why and not member.is_named:
                notes.append(FileNote(member.name, why))
            else:
                members.append(member)
            if len(members) > MOST_FILES:
                raise InputError(f"{path.name} holds more than {MOST_FILES:,} files: put them into fewer.")
    if not members:
        names = ", ".join(path.name for path in paths[:3])
        raise InputError(f"{names}: no data file in it (JSON, JSONL, CSV, parquet, Arrow, SQLite).")
    return tuple(members), tuple(notes)


def require_regular(path: Path) -> None:
    """InputError for what is no ordinary file with something in it. Nothing is opened: a pipe would wait for ever."""
    try:
        state = path.stat()
    except FileNotFoundError as exc:
        raise InputError(f"There is no file {path}.") from exc
    except OSError as exc:
        raise InputError(f"{path} may not be read: {exc.strerror or exc}.") from exc
    except ValueError as exc:
        raise InputError(f"{path!r} is no path: {exc}.") from exc
    if not stat.S_ISREG(state.st_mode):
        raise InputError(f"{path} is a device, a pipe or a socket: name an ordinary file, or pipe it into `import -`.")
    if state.st_size == 0:
        raise InputError(f"{path.name} is empty.")


def _members_at(path: Path, notes: list[FileNote]) -> Iterator[Member]:
    if not path.is_dir():
        require_regular(path)
        yield from _members_in(path, path.name, is_named=True)
        return
    for file in _files_below(path):
        name = file.relative_to(path).as_posix()
        try:
            require_regular(file)
        except InputError as exc:  # a link to nowhere, an empty file
            notes.append(FileNote(name, str(exc)))
            continue
        yield from _members_in(file, name, is_named=False, folder=path.name)


def _files_below(folder: Path) -> list[Path]:
    """Without hidden files and links to folders. InputError for a folder that cannot be listed."""
    try:
        files = [
            file
            for file in folder.rglob("*")
            if not file.is_dir() and not any(part.startswith(".") for part in file.relative_to(folder).parts)
        ]
    except OSError as exc:
        raise InputError(f"{folder} cannot be listed: {exc.strerror or exc}.") from exc
    return sorted(files, key=lambda file: natural_key(file.relative_to(folder).as_posix()))


def natural_key(name: str) -> list[tuple[int, str]]:
    """For sorting: part-2 comes before part-10."""
    return [(int(piece), "") if piece.isdecimal() else (-1, piece) for piece in _DIGITS.split(name)]


def _members_in(path: Path, name: str, *, is_named: bool, folder: str = "") -> Iterator[Member]:
    kind = archive_of(path)
    if kind is None:
        yield Member(path, name, split=split_in_name(f"{folder}/{name}" if folder else name), is_named=is_named)
        return
    inner_names = zip_members(path) if kind == "zip" else tar_members(path)
    for inner in sorted(inner_names, key=natural_key):
        yield Member(path, f"{name}/{inner}", inner, split=split_in_name(inner), is_named=len(inner_names) == 1)


def _why_left_out(member: Member) -> str:
    name = PurePosixPath(member.inner or member.name).name.lower()
    if name in _NO_DATA_NAMES or name.split(".")[0] in _NO_DATA_NAMES or name.startswith("cache-"):
        return "no data file by its name"
    suffix = PurePosixPath(name).suffix
    return f"no data file by its name (*{suffix})" if suffix in _NO_DATA_SUFFIXES else ""
