"""SGD and MultiWOZ (2.2, and the unified 2.1): `turns[{speaker: USER | SYSTEM, utterance}]`. SYSTEM is the
assistant."""

from proutt_core.dialogues.files.rows import JsonObject
from proutt_core.dialogues.readers.source import (
    SourceDialogue,
    SourceRole,
    first_message,
    identifier,
    messages_of,
    read_messages,
)

ROLES: dict[str, SourceRole] = {"user": "user", "system": "assistant"}


def claims(row: JsonObject) -> bool:
    first = first_message(row.get("turns"))
    return "speaker" in first and "utterance" in first


def read(row: JsonObject, key: str | None) -> SourceDialogue:
    messages = read_messages(messages_of(row, "turns"), ROLES, role="speaker", text="utterance")
    return SourceDialogue(messages=messages, external_id=identifier(row.get("dialogue_id"), key))
