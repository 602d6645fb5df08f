"""CrossWOZ: an object keyed by task id; `messages[{role: usr | sys, content}]`. `sys` is the assistant.

`sys-usr` names the two crowd workers. They acted out given goals for each other, so they do not make a group: 500
dialogues would fall into a few dozen groups and the splits would be far from what was asked.
"""

from proutt_core.dialogues.files.rows import JsonObject
from proutt_core.dialogues.readers.source import (
    SourceDialogue,
    SourceRole,
    first_message,
    identifier,
    messages_of,
    read_messages,
)

ROLES: dict[str, SourceRole] = {"usr": "user", "sys": "assistant"}


def claims(row: JsonObject) -> bool:
    first = first_message(row.get("messages"))
    return first.get("role") in ("usr", "sys") and "content" in first


def read(row: JsonObject, key: str | None) -> SourceDialogue:
    messages = read_messages(messages_of(row, "messages"), ROLES, role="role", text="content")
    return SourceDialogue(messages=messages, external_id=identifier(key, row.get("id"), row.get("task_id")))
