"""Writing an export: complete or not at all."""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from proutt_core.errors import InputError
from proutt_core.export.formats import ExportFormat, ExportKind, TextFormat, dataset_info, line
from proutt_core.types import VerbatimPair

INFO = "dataset_info.json"
# The bytes before, between and after the rows.
_LINES = (b"", b"\n", b"\n")
_LIST = (b"[\n", b",\n", b"\n]\n")


class Written(NamedTuple):
    rows: int
    sha256: str
    info_path: Path | None  # LLaMA-Factory's dataset_info.json
    format: ExportFormat


def write_export(path: Path, texts: Iterable[VerbatimPair], *, kind: ExportKind, format: TextFormat) -> Written:
    """Write the file under a temporary name and move it into place; a failure leaves what was there before.

    Raises InputError when the folder does not exist or cannot be written, or a pair has no rejected text.
    """
    if format == "llamafactory" and path.name == INFO:
        raise InputError(f"{INFO} is where LLaMA-Factory looks the file up; give --out another name")
    entry = dataset_info(path.name, kind) if format == "llamafactory" else None
    return _write_whole(path, _lines(texts, kind=kind, format=format), format=format, entry=entry)


def write_ids(path: Path, lines: Iterable[bytes]) -> Written:
    """The same for rows that are JSON already, one a line."""
    return _write_whole(path, lines, format="ids", entry=None)


def _lines(texts: Iterable[VerbatimPair], *, kind: ExportKind, format: TextFormat) -> Iterator[bytes]:
    for text in texts:
        require_rejected(text, kind=kind)
        yield line(text, kind=kind, format=format)


def require_rejected(text: VerbatimPair, *, kind: ExportKind) -> None:
    if kind == "preference" and not text.rejected:
        raise InputError(
            "a pair imported from an SFT file, or made without revision, has no rejected text; export it as sft"
        )


def _write_whole(path: Path, lines: Iterable[bytes], *, format: ExportFormat, entry: dict[str, Any] | None) -> Written:
    if not path.parent.is_dir():
        raise InputError(f"{path.parent} is not a folder; make it first, or name another --out")
    part = path.with_name(f".{path.name}.part")
    try:
        rows, digest = _write_rows(part, lines, _LIST if format == "llamafactory" else _LINES)
        entries = _entries(path.with_name(INFO)) if entry is not None else {}
        os.replace(part, path)
        info = None if entry is None else _register(path, entries | {path.stem: entry})
    except OSError as exc:
        raise InputError(f"cannot write {path}: {exc.strerror or exc}") from exc
    finally:
        part.unlink(missing_ok=True)
    return Written(rows, digest, info, format)


def _write_rows(path: Path, lines: Iterable[bytes], layout: tuple[bytes, bytes, bytes]) -> tuple[int, str]:
    opening, between, closing = layout
    digest, rows = hashlib.sha256(), 0
    with path.open("wb", buffering=1 << 20) as file:

        def put(data: bytes) -> None:
            file.write(data)
            digest.update(data)

        put(opening)
        for row in lines:
            if rows:
                put(between)
            put(row)
            rows += 1
        if rows or opening:
            put(closing)
        file.flush()
        os.fsync(file.fileno())
    return rows, digest.hexdigest()


def _entries(info_path: Path) -> dict[str, Any]:
    """What dataset_info.json lists already. InputError where it is something else."""
    entries: Any = {}
    if info_path.exists():
        try:
            entries = json.loads(info_path.read_text(encoding="utf-8"))
        except ValueError as exc:
            raise InputError(f"{info_path} is not JSON ({exc}); mend it or choose another folder") from exc
        if not isinstance(entries, dict):
            raise InputError(f"{info_path} holds no JSON object; mend it or choose another folder")
    return dict(entries)


def _register(path: Path, entries: dict[str, Any]) -> Path:
    """Write dataset_info.json with these entries."""
    info_path = path.with_name(INFO)
    part = info_path.with_name(f".{INFO}.part")
    part.write_text(json.dumps(entries, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    os.replace(part, info_path)
    return info_path
