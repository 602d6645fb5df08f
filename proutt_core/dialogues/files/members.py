"""The data files that a path leads to: the file itself, or those in it where it is a folder or an archive."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from proutt_core.types import Split


@dataclass(frozen=True, slots=True)
class Member:
    """A data file: a file on disk, or one inside the archive that this file is.

    `name` is what reports call it. `split` is what its name or its folder's says: `train.jsonl`, `test/part-1.parquet`.
    """

    path: Path
    name: str
    inner: str = ""  # its name in the archive; empty where the file is no archive
    split: Split | None = None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file of a folder or an archive that is not read, and why: `README.md`, no data file."""

    name: str
    why: str


def members_of(paths: Sequence[Path]) -> tuple[tuple[Member, ...], tuple[LeftOut, ...]]:
    """The data files in a stable order (part 2 before part 10), and the files that are left out.

    Raises InputError where a path leads to none.
    """
    return tuple(Member(path, path.name) for path in paths), ()
