"""Rows that hold their conversation as a list: messages, pairs, texts in turn; or as one text.

OpenAI's `messages`, ShareGPT's `conversations`, and what others call such a list. Where the answer of a model stands
beside the messages that it answers, it is the last message.
"""

import re
from collections.abc import Callable
from typing import Any

from proutt_core.dialogues.files.rows import NO_MESSAGES, JsonObject, RowError
from proutt_core.dialogues.readers.answers import with_the_answer
from proutt_core.dialogues.readers.beside import CHOSEN, dialogue
from proutt_core.dialogues.readers.branches import flattened, holds_replies, one_branch
from proutt_core.dialogues.readers.keys import decoded, first, view
from proutt_core.dialogues.readers.messages import (
    LIST_KEYS,
    in_turn,
    is_message,
    is_pair,
    listed,
    read_list,
    texts_in_turn,
)
from proutt_core.dialogues.readers.roles import known_role, role_named
from proutt_core.dialogues.readers.source import SourceDialogue, SourceMessage
from proutt_core.dialogues.readers.transcripts import is_transcript, transcript

IN_TURN = "texts without a speaker taken in turn, the user first"

_PIECE = re.compile(r"(.+)_[0-9]+", re.DOTALL)
_OPENAI = ("messages", "conversation")
_SHAREGPT = ("conversations", "items")
_TEXTS = ("dialog", "dialogue", "conversation", "conversations", "utterances", "turns", "messages", "content", "texts")
_WHOLE = ("text", "conversation", "dialogue", "dialog", "transcript", "chat", "messages", "conversations", "content")


def claims_openai(row: JsonObject) -> bool:
    return _key_of(row, _OPENAI, is_message) is not None


def claims_sharegpt(row: JsonObject) -> bool:
    return _key_of(row, _SHAREGPT, is_message) is not None


def claims_turns(row: JsonObject) -> bool:
    return _key_of(row, LIST_KEYS, lambda item: is_message(item) or _is_couple_of_roles(item)) is not None


def claims_pairs(row: JsonObject) -> bool:
    return _key_of(row, LIST_KEYS, _is_pair) is not None and _key_of(row, ("history",), _is_pair) is None


def claims_multiwoz_log(row: JsonObject) -> bool:
    items = view(row).get("log")
    return isinstance(items, list) and bool(items) and isinstance(items[0], dict) and "text" in items[0]


def claims_ultrachat(row: JsonObject) -> bool:
    return _list_of_texts(row, ("data",)) is not None


def claims_texts(row: JsonObject) -> bool:
    return _list_of_texts(row, _TEXTS) is not None


def claims_transcript(row: JsonObject) -> bool:
    return _whole_text(view(row)) is not None


def read_openai(row: JsonObject, key: str | None) -> SourceDialogue:
    return _read(row, key, _OPENAI)


def read_sharegpt(row: JsonObject, key: str | None) -> SourceDialogue:
    """A long conversation is published in pieces `abc_0`, `abc_17`: they are one group, `abc`. Answers beside the
    conversation, chosen and rejected, are not of it."""
    read = _read(row, key, _SHAREGPT)
    piece = _PIECE.fullmatch(read.external_id) if read.external_id else None
    read.group = piece.group(1) if piece else read.group
    if first(view(row), ("chosen",)) is not None:
        read.notes.append(CHOSEN)
    return read


def read_turns(row: JsonObject, key: str | None) -> SourceDialogue:
    return _read(row, key, LIST_KEYS)


def read_multiwoz_log(row: JsonObject, key: str | None) -> SourceDialogue:
    return _read_texts(row, key, ("log",), [])


def read_ultrachat(row: JsonObject, key: str | None) -> SourceDialogue:
    return _read_texts(row, key, ("data",), [])


def read_texts(row: JsonObject, key: str | None) -> SourceDialogue:
    return _read_texts(row, key, _TEXTS, [IN_TURN])


def read_transcript(row: JsonObject, key: str | None) -> SourceDialogue:
    folded_row = view(row)
    notes: list[str] = []
    whole = _whole_text(folded_row)
    if whole is None:
        raise RowError(NO_MESSAGES, "no text of the form `Human: … Assistant: …`")
    return dialogue(folded_row, key, whole, notes)


def _read(row: JsonObject, key: str | None, keys: tuple[str, ...]) -> SourceDialogue:
    folded_row = view(row)
    notes: list[str] = []
    name = next((k for k in keys if folded_row.get(k) is not None), None)
    if name is None:
        raise RowError(NO_MESSAGES, "no " + " or ".join(f"`{k}`" for k in keys[:2]))
    items = listed(folded_row[name], name=name)
    if holds_replies(items):
        items = flattened(items)
    if isinstance(items[-1], dict) and len(items[-1]) > 2:  # a parent stands beside role and text
        items = one_branch(items, notes)
    return dialogue(folded_row, key, with_the_answer(folded_row, read_list(items, notes, name=name), notes), notes)


def _read_texts(row: JsonObject, key: str | None, keys: tuple[str, ...], notes: list[str]) -> SourceDialogue:
    folded_row = view(row)
    texts = _list_of_texts(row, keys)
    if texts is None:
        raise RowError(NO_MESSAGES, f"no list of texts under `{keys[0]}`")
    return dialogue(folded_row, key, in_turn(texts), notes)


def _key_of(row: JsonObject, keys: tuple[str, ...], is_one: Callable[[Any], bool]) -> str | None:
    """The key of a list (perhaps written as text) whose first element is of the kind asked for."""
    folded_row = view(row)
    for key in keys:
        items = decoded(folded_row.get(key))
        if isinstance(items, list) and items and is_one(items[0]):
            return key
    return None


def _list_of_texts(row: JsonObject, keys: tuple[str, ...]) -> list[str] | None:
    folded_row = view(row)
    if role_named(folded_row) is not None:  # a message whose content is a list of parts
        return None
    for key in keys:
        items = decoded(folded_row.get(key))
        texts = texts_in_turn(items) if isinstance(items, list) and items else None
        if texts is not None:
            return texts
    return None


def _whole_text(row: JsonObject) -> list[SourceMessage] | None:
    return next((transcript(row[key]) for key in _WHOLE if is_transcript(row.get(key))), None)


def _is_pair(item: Any) -> bool:
    if isinstance(item, list):
        return len(item) == 2 and all(isinstance(side, str | None) for side in item)
    return isinstance(item, dict) and is_pair(view(item))


def _is_couple_of_roles(item: Any) -> bool:
    return isinstance(item, list) and len(item) == 2 and known_role(item[0]) is not None and isinstance(item[1], str)
