"""The formats that can be imported, and which of them a file is: from its content, or by name."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proutt_core.dialogues.files.rows import JsonObject, RawRow, RowError, short_repr
from proutt_core.dialogues.readers import (
    chat_logs,
    exports,
    gemini,
    message_rows,
    prompts,
    requests,
    task_oriented,
    turns,
)
from proutt_core.dialogues.readers.keys import decoded, folded
from proutt_core.dialogues.readers.messages import LIST_KEYS, is_message
from proutt_core.dialogues.readers.source import SourceDialogue
from proutt_core.errors import InputError

PAGE = "docs/formats.md"
NEAREST = 2  # formats whose complaint is quoted

_EXAMPLES = Path(__file__).parent / "readers" / "examples"


@dataclass(frozen=True, slots=True)
class Format:
    """`claims` tells a row of this format from all others; `read` needs less and says what is missing (RowError).

    `gather` makes rows of dialogues out of a file that holds a message a row. With `numbered_pieces` the ids `abc_0`
    and `abc_17` may be pieces of one conversation (see db/datasets: the rows decide).
    """

    name: str
    title: str
    expects: str
    claims: Callable[[JsonObject], bool]
    read: Callable[[JsonObject, str | None], SourceDialogue]
    gather: Callable[[Iterator[RawRow]], Iterator[RawRow]] | None = None
    numbered_pieces: bool = False

    @property
    def example(self) -> str:
        """A row as JSON text, of the conversation that all examples hold; several rows where `gather` needs them."""
        return (_EXAMPLES / f"{self.name}.json").read_text(encoding="utf-8")


# A row is offered in this order: the more particular formats come first.
FORMATS: dict[str, Format] = {
    f.name: f
    for f in (
        Format(
            "wildchat",
            "WildChat",
            "conversation_hash, conversation[{role, content}], toxic",
            chat_logs.claims_wildchat,
            chat_logs.read_wildchat,
        ),
        Format(
            "lmsys",
            "LMSYS-Chat-1M",
            "conversation_id, conversation[{role, content}]",
            chat_logs.claims_lmsys,
            chat_logs.read_lmsys,
        ),
        Format(
            "crosswoz",
            "CrossWOZ",
            "{id: {messages[{role: usr | sys, content}]}}",
            task_oriented.claims_crosswoz,
            task_oriented.read_crosswoz,
        ),
        Format(
            "sgd",
            "SGD / MultiWOZ",
            "dialogue_id, turns[{speaker, utterance}]",
            task_oriented.claims_sgd,
            task_oriented.read_sgd,
        ),
        Format(
            "multiwoz-log",
            "MultiWOZ 2.1 (log)",
            "{id: {goal, log[{text, metadata}]}}, the user first",
            turns.claims_multiwoz_log,
            turns.read_multiwoz_log,
        ),
        Format(
            "chatgpt",
            "ChatGPT export",
            "mapping{id: {message, parent, children}}, current_node",
            exports.claims_chatgpt,
            exports.read_chatgpt,
        ),
        Format(
            "claude",
            "Claude export",
            "uuid, chat_messages[{sender, text, content}]",
            exports.claims_claude,
            exports.read_claude,
        ),
        Format(
            "openwebui",
            "Open WebUI export",
            "chat{history{messages{id: {role, content, parentId}}, currentId}}",
            exports.claims_openwebui,
            exports.read_openwebui,
        ),
        Format(
            "librechat",
            "LibreChat export",
            "messages[{messageId, parentMessageId, isCreatedByUser, text}]",
            exports.claims_librechat,
            exports.read_librechat,
        ),
        Format(
            "gemini",
            "Gemini",
            "contents[{role, parts[{text}]}], systemInstruction",
            gemini.claims_contents,
            gemini.read,
        ),
        Format(
            "ai-studio",
            "Google AI Studio",
            "chunkedPrompt{chunks[{role, text, isThought}]}",
            gemini.claims_chunks,
            gemini.read,
        ),
        Format(
            "oasst",
            "Open-Assistant tree",
            "message_tree_id, prompt{text, role, replies[…]}",
            exports.claims_oasst,
            exports.read_oasst,
        ),
        Format(
            "hh",
            "Human: … Assistant: … (HH)",
            "chosen and rejected, each a text of the whole conversation",
            prompts.claims_hh,
            prompts.read_preference,
        ),
        Format(
            "preference",
            "Chosen and rejected messages",
            "chosen[{role, content}], rejected, perhaps prompt",
            prompts.claims_preference,
            prompts.read_preference,
        ),
        Format(
            "sharegpt",
            "ShareGPT",
            "conversations[{from, value}]",
            turns.claims_sharegpt,
            turns.read_sharegpt,
            numbered_pieces=True,
        ),
        Format(
            "openai",
            "OpenAI messages",
            "messages[{role, content}], perhaps system, tools, response",
            turns.claims_openai,
            turns.read_openai,
        ),
        Format(
            "alpaca",
            "Prompt and answer with history",
            "instruction, input, output, history, system; query, response, history; prompt, completion",
            prompts.claims_alpaca,
            prompts.read_alpaca,
        ),
        Format(
            "turns",
            "Turns with a speaker",
            "dialogue, turns, utterances, … [{speaker, text}] or [[role, text]]",
            turns.claims_turns,
            turns.read_turns,
        ),
        Format(
            "requests",
            "Requests and traces",
            "request and response, or body, input, inputs with output, outputs",
            requests.claims,
            requests.read,
        ),
        Format(
            "pairs",
            "Question and answer in turns",
            "conversation[{human, assistant}], [{input, output}] or [[question, answer]]",
            turns.claims_pairs,
            turns.read_turns,
        ),
        Format("ultrachat", "UltraChat", "data[text], the user first", turns.claims_ultrachat, turns.read_ultrachat),
        Format(
            "texts",
            "Texts in turn",
            "dialog[text], the user first (DailyDialog)",
            turns.claims_texts,
            turns.read_texts,
        ),
        Format(
            "transcript",
            "A whole conversation as one text",
            "text with Human: and Assistant:, or with the marks of a chat template",
            turns.claims_transcript,
            turns.read_transcript,
        ),
        Format(
            "message-rows",
            "One message a row",
            "conversation_id, role, content, perhaps turn, created_at; or conversation_id, question, answer",
            message_rows.claims,
            message_rows.read,
            gather=message_rows.gather,
        ),
    )
}
ALIASES = {"multiwoz": "sgd"}


def format_named(name: str) -> Format:
    format = FORMATS.get(ALIASES.get(name.lower(), name.lower()))
    if format is None:
        raise InputError(f"There is no format {short_repr(name)}; known are {', '.join(FORMATS)}.")
    return format


def _row_in(value: JsonObject) -> JsonObject:
    """The row itself where a data viewer numbered it: `{"row_idx": 0, "row": {...}, "truncated_cells": []}`."""
    row = value.get("row")
    return row if isinstance(row, dict) and value.keys() <= {"row_idx", "row", "truncated_cells"} else value


def as_object(value: Any, key: str | None = None) -> JsonObject | None:
    """The row as an object: itself, the object whose JSON text it is, or a conversation that is a bare list.

    A list under a key such as `messages` is no row of a file that is one object: that object is the row.
    """
    if type(value) is dict:
        return _row_in(value)
    value = decoded(value)
    if isinstance(value, dict):
        return value
    if not isinstance(value, list) or not value or (key is not None and folded(key) in LIST_KEYS):
        return None
    if is_message(value[0]):
        return {"messages": value}
    named = {"dialog": value}
    return named if turns.claims_texts(named) or turns.claims_turns(named) or turns.claims_pairs(named) else None


def format_of(row: RawRow, named_format: Format | None) -> Format | None:
    """The format that claims the row; with `named_format`, that one if it can read the row."""
    value = as_object(row.value, row.key)
    if value is None:
        return None
    try:
        if named_format is None:
            return next((f for f in FORMATS.values() if f.claims(value)), None)
        if named_format.gather is not None:
            return named_format if named_format.claims(value) else None
        named_format.read(value, row.key)
    except (RowError, RecursionError):
        return None
    return named_format


def unknown_message(name: str, named_format: Format | None, first: JsonObject | None) -> str:
    """What to tell of a file of no known format; `first` is its first object."""
    content = (
        f"its first object has the keys {', '.join(short_repr(k, 30) for k in list(first)[:8])}"
        if first
        else "no row is an object"
    )
    if named_format:
        complaint = _complaint(named_format, first) if first else ""
        return f"{name} cannot be read as {named_format.title}: {content}{complaint}. Expected: {named_format.expects}."
    nearest = "; ".join(f"{f.title} ({f.expects}){_complaint(f, first or {})}" for f in _nearest(first or {}))
    hint = f"Nearest: {nearest}. " if nearest else ""
    return f"{name} is of no known format: {content}. {hint}{PAGE} shows what is read."


def _nearest(row: JsonObject) -> list[Format]:
    """The formats whose example shares most keys with the row, best first; of equals, those that need fewest others."""
    keys = {folded(key) for key in row}
    examples = {f.name: _example_keys(f) for f in FORMATS.values()}
    near = [f for f in FORMATS.values() if keys & examples[f.name]]
    return sorted(near, key=lambda f: (-len(keys & examples[f.name]), len(examples[f.name])))[:NEAREST]


def _example_keys(format: Format) -> set[str]:
    row, _ = json.JSONDecoder().raw_decode(format.example)
    return {folded(key) for key in row} - {"id", "title", "name", "model", "language"}


def _complaint(format: Format, row: JsonObject) -> str:
    """What its reader misses in the row."""
    try:
        format.read(row, None)
    except RowError as exc:
        return f", but {exc.detail or exc.reason}"
    except RecursionError:
        pass
    return ""
