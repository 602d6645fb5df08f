"""The splits that files, folders and columns name."""

import re
from pathlib import PurePosixPath

from proutt_core.types import Split

_NAMES: dict[str, Split] = {
    "train": "train",
    "training": "train",
    "valid": "valid",
    "validation": "valid",
    "val": "valid",
    "dev": "valid",
    "develop": "valid",
    "development": "valid",
    "test": "test",
    "testing": "test",
    "heldout": "test",
}
_NOT_LETTERS = re.compile(r"[^a-z]+")


def split_named(name: str | None) -> Split | None:
    """The split that a source names: `train`, `Validation`, `dev`, `TEST`; None for other names."""
    return None if name is None else _NAMES.get(_NOT_LETTERS.sub("", name.lower()))


def split_in_name(name: str) -> Split | None:
    """The split that a file's name, or else a folder's above it, says: `data/train-00000-of-00002.parquet` is train.

    None where it says none or two.
    """
    for part in reversed(PurePosixPath(name).parts):
        splits = {_NAMES.get(word) for word in _NOT_LETTERS.split(part.lower())} - {None}
        if splits:
            return splits.pop() if len(splits) == 1 else None
    return None
