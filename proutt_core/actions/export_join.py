"""Putting texts back into an export without them ("ids"), for somebody who holds the dataset.

The result is the file that the export with texts would have been, byte for byte.
"""

import json
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from db.datasets import datasets
from db.pairs.texts import contexts, prompts, record_join
from proutt_core.errors import InputError
from proutt_core.export import ExportKind, TextFormat, Written, write_export
from proutt_core.export.formats import prompt_sha256
from proutt_core.traces.as_text import render_prompt
from proutt_core.types import Part, Split, Value, VerbatimPair

BATCH = 500
LONGEST_LINE = 16 << 20  # characters


class IdsRow(Value):
    """A line of an export without texts; see export/formats.py."""

    pair: int
    external_id: str | None = None
    target_index: Annotated[int, Field(ge=0)] | None = None
    source_row: int | None = None
    split: Split
    without: tuple[Part, ...] = ()
    prompt_sha256: str
    chosen: str
    rejected: str | None = None
    traces: dict[str, object] = Field(default_factory=dict)


def join_export(path: Path, *, dataset: str, out: Path, format: TextFormat, user_id: int | None = None) -> Written:
    """Write the rows of `path` with the texts of a dataset of this database.

    Raises InputError, and writes nothing, where a row's dialogue is missing, has another text, or is not in train here.
    """
    if os.path.lexists(path) and not path.is_file():
        raise InputError(f"{path} is no plain file, and it is read twice; give the name of one")
    if os.path.realpath(path) == os.path.realpath(out):
        raise InputError("--out is the file itself; give it another name")
    kind = _kind(path)
    info = datasets.required(dataset)
    written = write_export(out, _texts(path, info, kind), kind=kind, format=format)
    record_join(dataset=dataset, path=str(out), rows=written.rows, sha256=written.sha256, user_id=user_id)
    return written


def _kind(path: Path) -> ExportKind:
    first = next(_rows(path), None)
    return "preference" if first is None or first[1].rejected is not None else "sft"


def _rows(path: Path) -> Iterator[tuple[int, IdsRow]]:
    try:
        with path.open(encoding="utf-8", newline="\n") as file:
            number = 0
            while line := file.readline(LONGEST_LINE):
                number += 1
                yield number, IdsRow.model_validate_json(line)
    except FileNotFoundError as exc:
        raise InputError(f"there is no file {path}") from exc
    except (OSError, UnicodeDecodeError) as exc:
        raise InputError(f"{path} cannot be read: {exc}") from exc
    except ValidationError as exc:
        error = exc.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in error["loc"])
        raise InputError(
            f"{path.name}, line {number}: not a row of an export without texts ({place}: {error['msg']})"
        ) from exc


def _texts(path: Path, info: datasets.DatasetInfo, kind: ExportKind) -> Iterator[VerbatimPair]:
    rows = _rows(path)
    while batch := list(islice(rows, BATCH)):
        prompts_by_key = _prompts(info, [row for _, row in batch])
        for number, row in batch:
            where = f"{path.name}, line {number}"
            if (row.rejected is None) != (kind == "sft"):
                raise InputError(f"{where}: some rows have a rejected answer and some have none")
            yield VerbatimPair(
                prompt=_checked(where, row, prompts_by_key.get(_key(row)), info.name),
                chosen=row.chosen,
                rejected=row.rejected or "",
            )


def _key(row: IdsRow) -> object:
    return row.source_row if row.source_row is not None else (row.external_id, row.target_index)


def _prompts(info: datasets.DatasetInfo, rows: list[IdsRow]) -> dict[object, tuple[Split, str]]:
    imported = [row.source_row for row in rows if row.source_row is not None]
    if imported:
        return dict(prompts(info.id, imported).items())
    targets = [
        (row.external_id, row.target_index)
        for row in rows
        if row.external_id is not None and row.target_index is not None
    ]
    contexts_by_target = contexts(info.id, targets)
    made: dict[object, tuple[Split, str]] = {}
    for row in rows:
        if (split_and_context := contexts_by_target.get((row.external_id or "", row.target_index or 0))) is not None:
            made[_key(row)] = (
                split_and_context[0],
                render_prompt(split_and_context[1], without=frozenset(row.without)),
            )
    return made


def _checked(where: str, row: IdsRow, split_and_prompt: tuple[Split, str] | None, dataset: str) -> str:
    """The prompt, or InputError that says why it is not the row's."""
    name = json.dumps(row.external_id, ensure_ascii=False) if row.source_row is None else f"row {row.source_row}"
    if split_and_prompt is None:
        raise InputError(f"{where}: dataset {dataset} holds no {name}")
    split, prompt = split_and_prompt
    if prompt_sha256(prompt) != row.prompt_sha256:
        raise InputError(f"{where}: {name} has another text in dataset {dataset} than it had in the export")
    if split != "train":
        raise InputError(
            f"{where}: {name} is in {split} in dataset {dataset}, and only train may be learned from; import the"
            " dataset with the seed and the split that the export's had, or with --split 100/0/0"
        )
    return prompt
