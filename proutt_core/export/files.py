"""Writing an export, and its entry in LLaMA-Factory's list of files."""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

from proutt_core.errors import InputError
from proutt_core.export.formats import ExportFormat, ExportKind, TextFormat, dataset_info, line
from proutt_core.export.outputs import Output, output_at, writing
from proutt_core.types import VerbatimPair
from proutt_core.types.json_text import is_whole

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
    """Write to what the path names; a failure leaves a plain file as it was.

    Raises InputError when it cannot be written, dataset_info.json has another file's entry of this name, or a pair has
    no rejected text.
    """
    entry = dataset_info(path.name, kind) if format == "llamafactory" else None
    return _write(path, _lines(texts, kind=kind, format=format), format=format, entry=entry)


def write_ids(path: Path, lines: Iterable[bytes]) -> Written:
    """The same for rows that are JSON already, one a line."""
    return _write(path, lines, format="ids", entry=None)


def _lines(texts: Iterable[VerbatimPair], *, kind: ExportKind, format: TextFormat) -> Iterator[bytes]:
    for text in texts:
        require_rejected(text, kind=kind)
        yield line(text, kind=kind, format=format)


def require_rejected(text: VerbatimPair, *, kind: ExportKind) -> None:
    if kind == "preference" and not text.rejected:
        raise InputError(
            "a pair imported from an SFT file, or made without revision, has no rejected text; export it as sft"
        )


def _write(path: Path, lines: Iterable[bytes], *, format: ExportFormat, entry: dict[str, Any] | None) -> Written:
    output = output_at(path)
    if output.file is not None and INFO in (path.name, output.file.name):
        raise InputError(f"{INFO} is where LLaMA-Factory looks files up; give --out another name")
    if entry is not None:
        _entries_with(path, entry, output)  # before anything is written
    with writing(output) as file:
        rows, digest = _write_rows(file, lines, _LIST if format == "llamafactory" else _LINES)
    info = None if entry is None else _register(path, _entries_with(path, entry, output))
    return Written(rows, digest, info, format)


def _write_rows(file: IO[bytes], lines: Iterable[bytes], layout: tuple[bytes, bytes, bytes]) -> tuple[int, str]:
    opening, between, closing = layout
    digest, rows = hashlib.sha256(), 0

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
    return rows, digest.hexdigest()


def _entries_with(path: Path, entry: dict[str, Any], output: Output) -> dict[str, Any]:
    """What dataset_info.json beside the file lists, with this entry. InputError where another file has its name."""
    if output.file is None:
        raise InputError(f"LLaMA-Factory looks files up in {INFO} beside them, and {path} is no plain file")
    info_path = path.with_name(INFO)
    entries = _entries(info_path)
    earlier = entries.get(path.stem)
    if earlier is not None and not (isinstance(earlier, dict) and earlier.get("file_name") == path.name):
        raise InputError(
            f'{info_path} has an entry "{path.stem}" that is not of {path.name}; name another --out, or take it out'
        )
    return entries | {path.stem: entry}


def _entries(info_path: Path) -> dict[str, Any]:
    """What dataset_info.json lists already. InputError where it is something else."""
    if not os.path.lexists(info_path):
        return {}
    if not info_path.is_file():
        raise InputError(f"{info_path} is no plain file; mend it or choose another folder")
    try:
        entries: Any = json.loads(info_path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as exc:
        raise InputError(f"{info_path} is not JSON ({exc}); mend it or choose another folder") from exc
    if not isinstance(entries, dict):
        raise InputError(f"{info_path} holds no JSON object; mend it or choose another folder")
    return entries


def _register(path: Path, entries: dict[str, Any]) -> Path:
    """Write dataset_info.json with these entries."""
    info_path = path.with_name(INFO)
    text = json.dumps(entries, ensure_ascii=False, indent=2)
    with writing(output_at(info_path)) as file:
        file.write((text if is_whole(text) else json.dumps(entries, indent=2)).encode() + b"\n")
    return info_path
