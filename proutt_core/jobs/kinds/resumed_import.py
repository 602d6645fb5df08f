"""Whether an unfinished import can be resumed: only with the same file, read in the same way.

The file is recognised by the sha256 of its bytes (some 1.5 GB a second): its name, size or time cannot show that its
rows are the same.
"""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from db.datasets import imports
from db.datasets.imports import Unfinished
from proutt_core.dialogues import ImportSettings, Shares
from proutt_core.errors import ConflictError, InputError
from proutt_core.types.differences import as_text, difference_texts

CHUNK = 1 << 20
TELL_EVERY = 64  # chunks
SHA = "source_sha256"  # in a dataset's settings
REMOVE = "python -m proutt_core datasets remove"


def sha256_of(*paths: Path, tell: Callable[[], None] = lambda: None) -> str:
    """64 hex digits of the files' bytes as they are, packed or not. `tell` is called now and then."""
    digest = hashlib.sha256()
    for path in paths:
        try:
            with path.open("rb") as file:
                number = 0
                while chunk := file.read(CHUNK):
                    digest.update(chunk)
                    number += 1
                    if number % TELL_EVERY == 0:
                        tell()
        except OSError as exc:
            raise InputError(f"{path} cannot be read: {exc.strerror or exc}") from exc
    return digest.hexdigest()


def stored_settings(settings: ImportSettings, sha256: str) -> dict[str, Any]:
    return settings.model_dump(mode="json") | {SHA: sha256}


def import_settings(stored: Mapping[str, Any]) -> ImportSettings:
    """How a dataset was imported, from its settings."""
    return ImportSettings.model_validate({name: value for name, value in stored.items() if name != SHA})


def unfinished_import(dataset: str) -> Unfinished | None:
    """The unfinished import of this name, if it stored any rows."""
    left = imports.unfinished(dataset)
    return left if left is not None and left.state == "importing" and left.so_far.rows > 0 else None


def require_same(left: Unfinished, *, settings: dict[str, Any], format: str, title: str, licence: str) -> None:
    """ConflictError that names every difference, and says how to start over."""
    new = settings | {"format": format, "title": title, "licence": licence}
    stored = left.settings | {"format": left.format, "title": left.public_title, "licence": left.licence}
    if new["shares"] is None and stored["shares"] == Shares().model_dump():
        stored["shares"] = None  # earlier versions stored the default as if somebody had named it
    same_file = new.pop(SHA) == stored.pop(SHA, None)
    differ = difference_texts(stored, new, as_text=_as_text)
    if not same_file:
        differ.insert(0, f"the file there was another ({left.source}, other bytes)")
    if differ:
        raise ConflictError(
            f'an import of "{left.name}" stopped after row {left.so_far.rows:,} and is not this one: '
            f'{"; ".join(differ)}. Resume that one, or remove it first: {REMOVE} "{left.name}"'
        )


def _as_text(value: Any) -> str:
    """Shares as they are typed: 80/5/15."""
    return "/".join(str(part) for part in value.values()) if isinstance(value, dict) else as_text(value)
