"""Rows for the two trainers, as their real readers want them, and rows without texts.

TRL (conversational): SFT `prompt` + `completion`, preference `prompt` + `chosen` + `rejected`, each a list of messages,
one JSON object a line. LLaMA-Factory (ShareGPT): the whole history in one human prompt, because its reader silently
empties rows with consecutive, assistant-first or mid-system turns; `chosen` and `rejected` are one dict each, because
strings there are silently corrupted. Its file is one JSON list with an entry in `dataset_info.json` beside it.

"ids" is for datasets whose texts may not be passed on: everything but the dialogue, one JSON object a line. Whoever
holds the dataset puts the texts back (`export-join`) and has the file that the full export would have been. A trace may
quote the dialogue, so such a file is not free of its words.

    {"pair": 7, "external_id": "d1", "target_index": 4, "split": "train", "prompt_sha256": "…",
     "chosen": "<think>…", "rejected": "<think>…", "traces": {"chosen": {…}, "rejected": {…}}}

`rejected` only in preference files; `without` where the run left parts of the method out; of an imported pair
`source_row` instead of `external_id` and `target_index`, and `traces` only where its text could be read as traces.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, Literal

import orjson

from proutt_core.types import ReviewedPair, VerbatimPair

ExportKind = Literal["sft", "preference"]
TextFormat = Literal["trl", "llamafactory"]
ExportFormat = Literal["trl", "llamafactory", "ids"]

# Templates instead of dicts: filled with orjson's strings they give the bytes that `json` would write, many times
# faster.
_SFT: dict[TextFormat, bytes] = {
    "trl": b'{"prompt": [{"role": "user", "content": %b}], "completion": [{"role": "assistant", "content": %b}]}',
    "llamafactory": b'{"conversations": [{"from": "human", "value": %b}, {"from": "gpt", "value": %b}]}',
}
_PREFERENCE: dict[TextFormat, bytes] = {
    "trl": (
        b'{"prompt": [{"role": "user", "content": %b}], "chosen": [{"role": "assistant", "content": %b}],'
        b' "rejected": [{"role": "assistant", "content": %b}]}'
    ),
    "llamafactory": (
        b'{"conversations": [{"from": "human", "value": %b}], "chosen": {"from": "gpt", "value": %b},'
        b' "rejected": {"from": "gpt", "value": %b}}'
    ),
}


def line(text: VerbatimPair, *, kind: ExportKind, format: TextFormat) -> bytes:
    """One row as JSON, without the separator between rows."""
    if kind == "sft":
        return _SFT[format] % (_json(text.prompt), _json(text.chosen))
    return _PREFERENCE[format] % (_json(text.prompt), _json(text.chosen), _json(text.rejected))


def _json(text: str) -> bytes:
    data = orjson.dumps(text)
    return _without_separators(data) if "\u2028" in text or "\u2029" in text else data


def _without_separators(data: bytes) -> bytes:
    # Line separators inside strings would split rows in readers that are not strict about JSON lines.
    return data.replace(b"\xe2\x80\xa8", b"\\u2028").replace(b"\xe2\x80\xa9", b"\\u2029")


def ids_line(pair: ReviewedPair, text: VerbatimPair, traces: Mapping[str, Any], *, kind: ExportKind) -> bytes:
    """The row without the dialogue; `text` and `traces`, as JSON values, are the wording that goes out."""
    imported = pair.source_row is not None
    place = (
        {"source_row": pair.source_row}
        if imported
        else {"external_id": pair.external_id, "target_index": pair.target_index}
    )
    sides = ("chosen",) if kind == "sft" else ("chosen", "rejected")
    row: dict[str, Any] = {"pair": pair.pair_id, **place, "split": pair.split}
    if pair.without:
        row["without"] = list(pair.without)
    row["prompt_sha256"] = prompt_sha256(text.prompt)
    row |= {side: getattr(text, side) for side in sides}
    row["traces"] = {side: traces[side] for side in sides if side in traces}
    return _without_separators(orjson.dumps(row))


def prompt_sha256(prompt: str) -> str:
    return hashlib.sha256(prompt.encode()).hexdigest()


def dataset_info(file_name: str, kind: ExportKind) -> dict[str, Any]:
    """The entry that LLaMA-Factory's `dataset_info.json` needs for the file."""
    columns = {"messages": "conversations"}
    if kind == "sft":
        return {"file_name": file_name, "formatting": "sharegpt", "columns": columns}
    return {
        "file_name": file_name,
        "formatting": "sharegpt",
        "ranking": True,
        "columns": columns | {"chosen": "chosen", "rejected": "rejected"},
    }
