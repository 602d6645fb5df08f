"""Rows for the two trainers, as their real readers want them.

TRL (conversational): SFT `prompt` + `completion`, preference `prompt` + `chosen` + `rejected`, each a list of messages,
one JSON object a line. LLaMA-Factory (ShareGPT): the whole history in one human prompt, because its reader silently
empties rows with consecutive, assistant-first or mid-system turns; `chosen` and `rejected` are one dict each, because
strings there are silently corrupted. Its file is one JSON list with an entry in `dataset_info.json` beside it.
"""

from typing import Any, Literal

from proutt_core.types import VerbatimPair

ExportKind = Literal["sft", "preference"]
ExportFormat = Literal["trl", "llamafactory"]


def row(text: VerbatimPair, *, kind: ExportKind, format: ExportFormat) -> dict[str, Any]:
    if format == "trl":
        return _trl(text, kind)
    return _llamafactory(text, kind)


def _trl(text: VerbatimPair, kind: ExportKind) -> dict[str, Any]:
    prompt = [{"role": "user", "content": text.prompt}]
    chosen = [{"role": "assistant", "content": text.chosen}]
    if kind == "sft":
        return {"prompt": prompt, "completion": chosen}
    return {"prompt": prompt, "chosen": chosen, "rejected": [{"role": "assistant", "content": text.rejected}]}


def _llamafactory(text: VerbatimPair, kind: ExportKind) -> dict[str, Any]:
    human = {"from": "human", "value": text.prompt}
    chosen = {"from": "gpt", "value": text.chosen}
    if kind == "sft":
        return {"conversations": [human, chosen]}
    return {"conversations": [human], "chosen": chosen, "rejected": {"from": "gpt", "value": text.rejected}}


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
