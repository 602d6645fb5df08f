"""Writing an export: complete or not at all."""

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from proutt_core.errors import InputError
from proutt_core.export.formats import ExportFormat, ExportKind, dataset_info, row
from proutt_core.types import VerbatimPair

INFO = "dataset_info.json"
_json = json.JSONEncoder(ensure_ascii=False).encode


class Written(NamedTuple):
    rows: int
    sha256: str
    info_path: Path | None  # LLaMA-Factory's dataset_info.json


def write_export(path: Path, texts: Iterable[VerbatimPair], *, kind: ExportKind, format: ExportFormat) -> Written:
    """Write the file under a temporary name and move it into place; a failure leaves what was there before.

    Raises InputError when the folder does not exist or cannot be written, or a pair has no rejected text.
    """
    if not path.parent.is_dir():
        raise InputError(f"{path.parent} is not a folder; make it first, or name another --out")
    if format == "llamafactory" and path.name == INFO:
        raise InputError(f"{INFO} is where LLaMA-Factory looks the file up; give --out another name")
    half = path.with_name(f".{path.name}.part")
    try:
        rows, digest = _write(half, texts, kind=kind, format=format)
        entries = _entries(path.with_name(INFO)) if format == "llamafactory" else None
        os.replace(half, path)
        info = None if entries is None else _register(path, kind, entries)
    except OSError as exc:
        raise InputError(f"cannot write {path}: {exc.strerror or exc}") from exc
    finally:
        half.unlink(missing_ok=True)
    return Written(rows, digest, info)


def _write(path: Path, texts: Iterable[VerbatimPair], *, kind: ExportKind, format: ExportFormat) -> tuple[int, str]:
    opening, between, closing = ("", "", "") if format == "trl" else ("[\n", ",\n", "\n]\n")
    digest, rows = hashlib.sha256(), 0
    with path.open("wb") as file:

        def put(text: str) -> None:
            data = text.encode()
            file.write(data)
            digest.update(data)

        put(opening)
        for text in texts:
            if kind == "preference" and not text.rejected:
                raise InputError("a pair imported from an SFT file has no rejected text; export it as sft")
            if rows:
                put(between)
            # Line separators inside strings would split rows in readers that are not strict about JSON lines.
            line = _json(row(text, kind=kind, format=format))
            put(line.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029") + ("\n" if format == "trl" else ""))
            rows += 1
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


def _register(path: Path, kind: ExportKind, entries: dict[str, Any]) -> Path:
    """Add or replace the file's entry in dataset_info.json; other entries stay as they are."""
    info_path = path.with_name(INFO)
    entries[path.stem] = dataset_info(path.name, kind)
    half = info_path.with_name(f".{INFO}.part")
    half.write_text(json.dumps(entries, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    os.replace(half, info_path)
    return info_path
