"""SGD and MultiWOZ (2.2, and the unified 2.1): `turns[{speaker: USER | SYSTEM, utterance}]`. SYSTEM is the
assistant."""

from proutt_core.dialogues.readers.source import (
    SourceDialogue,
    SourceMessage,
    SourceRole,
    first_message,
    identifier,
    messages_of,
    role_of,
    text_of,
)
from proutt_core.dialogues.rows import NO_TEXT, JsonObject, RowError

ROLES: dict[str, SourceRole] = {"user": "user", "system": "assistant"}


def claims(row: JsonObject) -> bool:
    first = first_message(row.get("turns"))
    return "speaker" in first and "utterance" in first


def read(row: JsonObject, key: str | None) -> SourceDialogue:
    read = []
    for number, turn in enumerate(messages_of(row, "turns"), 1):
        if "utterance" not in turn:
            raise RowError(NO_TEXT, f"message {number}: no `utterance`")
        read.append(SourceMessage(role_of(turn.get("speaker"), ROLES, number), text_of(turn["utterance"], number)))
    return SourceDialogue(messages=read, external_id=identifier(row.get("dialogue_id"), key))
