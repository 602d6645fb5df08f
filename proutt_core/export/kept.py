"""The files that were written on the page: where they are, and what keeps the folder from growing for ever."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from proutt_core.private_files import OWN_FOLDER

FOLDER = OWN_FOLDER / "exports"
KEPT_FOR = timedelta(days=1)  # somebody may still have a page open that offers the file

Choices = tuple[str, str, str]  # kind, format, status


def remove_superseded(files: Sequence[tuple[datetime, Path, Choices]], *, moment: datetime | None = None) -> None:
    """Delete files under FOLDER that are older than a day and were written again with the same choices since.

    `files`: when each was written, where, and with which choices, the newest first, all of one run or dataset. Files
    of others stay.
    """
    old = (moment or datetime.now(UTC)) - KEPT_FOR
    newer: set[Choices] = set()
    for at, path, choices in files:
        if choices in newer and at < old and path.resolve().parent.parent == FOLDER.resolve():
            for file in (path, path.with_name("dataset_info.json")):
                file.unlink(missing_ok=True)
            if path.parent.exists() and not any(path.parent.iterdir()):
                path.parent.rmdir()
        newer.add(choices)
