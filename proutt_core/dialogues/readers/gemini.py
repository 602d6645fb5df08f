"""Gemini's `contents[{role, parts[{text}]}]`; AI Studio's prompts, `chunkedPrompt.chunks[{role, text, isThought}]`."""

from typing import Any

from proutt_core.dialogues.files.rows import NO_MESSAGES, JsonObject, RowError
from proutt_core.dialogues.readers.answers import with_the_answer
from proutt_core.dialogues.readers.beside import dialogue
from proutt_core.dialogues.readers.keys import first, view
from proutt_core.dialogues.readers.messages import listed, read_list
from proutt_core.dialogues.readers.source import SourceDialogue


def claims_contents(row: JsonObject) -> bool:
    return "contents" in row and _claims(row)


def claims_chunks(row: JsonObject) -> bool:
    return "contents" not in row and _claims(row)


def _claims(row: JsonObject) -> bool:
    items = _items(row)
    return isinstance(items, list) and bool(items) and isinstance(items[0], dict) and _is_turn(items[0])


def _is_turn(item: JsonObject) -> bool:
    return "parts" in item or "isThought" in item or ("role" in item and ("text" in item or "tokenCount" in item))


def _items(row: JsonObject) -> Any:
    chunked = row.get("chunkedPrompt") or row.get("chunked_prompt")
    return chunked.get("chunks") if isinstance(chunked, dict) else row.get("contents")


def read(row: JsonObject, key: str | None) -> SourceDialogue:
    items = _items(row)
    if items is None:
        raise RowError(NO_MESSAGES, "no `contents` or `chunkedPrompt.chunks`")
    notes: list[str] = []
    folded_row = view(row)
    if "chunkedprompt" in folded_row:
        items = [_chunk(item) for item in listed(items, name="chunks")]
    elif isinstance(items, list):  # Gemini takes a first turn without a role for the user's
        items = [_with_role(item) for item in items]
    messages = read_list(items, notes, name="contents")
    return dialogue(folded_row, key, with_the_answer(folded_row, messages, notes), notes)


def _with_role(item: Any) -> Any:
    return {"role": "user", **item} if isinstance(item, dict) and "parts" in item and item.get("role") is None else item


def _chunk(item: Any) -> Any:
    """Text, a thought or a file; its parts repeat the text."""
    if not isinstance(item, dict):
        return item
    thing = view(item)
    content = {k: v for k, v in item.items() if k not in ("role", "tokenCount", "finishReason", "parts")}
    if first(thing, ("text",)) is None and thing.get("parts"):
        content = {"parts": item["parts"]}
    return {"role": item.get("role"), "content": content or None}
