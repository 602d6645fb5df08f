"""A row in our terms before normalising, and what the readers share."""

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from proutt_core.dialogues.files.rows import (
    BAD_MESSAGE,
    NO_MESSAGES,
    JsonObject,
    RowError,
    kind,
)

SourceRole = Literal["system", "user", "assistant", "tool_call", "tool_result"]


class SourceMessage(NamedTuple):
    role: SourceRole
    text: str


@dataclass(slots=True)
class SourceDialogue:
    """A row as its reader understood it. `None` means that the source says nothing about it."""

    messages: list[SourceMessage]
    external_id: str | None = None
    group: str | None = None
    language: str | None = None  # as the source writes it
    split: str | None = None  # as the source writes it: "train", "dev", "test"
    toxic: bool | None = None
    notes: list[str] = field(default_factory=list)


def messages_of(row: JsonObject, *keys: str) -> list[JsonObject]:
    """The list of message objects under the first of `keys` that the row has."""
    key = next((k for k in keys if row.get(k) is not None), None)
    names = " or ".join(f"`{k}`" for k in keys)
    if key is None:
        raise RowError(NO_MESSAGES, f"no {names}")
    messages = row[key]
    if not isinstance(messages, list):
        raise RowError(NO_MESSAGES, f"`{key}` is {kind(messages)}")
    if not messages:
        raise RowError(NO_MESSAGES, f"`{key}` is empty")
    for number, message in enumerate(messages, 1):
        if not isinstance(message, dict):
            raise RowError(BAD_MESSAGE, f"message {number} is {kind(message)}")
    return messages


def identifier(*values: Any) -> str | None:
    """The first value that can be an id: text that is not blank, or a whole number."""
    for value in values:
        if isinstance(value, str) and value.strip():
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
    return None


def first_message(value: Any) -> JsonObject:
    """The first element of a list of objects, for telling formats apart; empty where there is none."""
    return value[0] if isinstance(value, list) and value and isinstance(value[0], dict) else {}


def any_true(values: list[Any]) -> bool | None:
    """True if one is True; False if there are booleans and none is True; None if there is no boolean."""
    flags = [v for v in values if isinstance(v, bool)]
    return any(flags) if flags else None


def flagged(moderation: Any) -> bool | None:
    """OpenAI's moderation results, one a message: was any flagged?"""
    if not isinstance(moderation, list):
        return None
    return any_true([entry.get("flagged") for entry in moderation if isinstance(entry, dict)])
