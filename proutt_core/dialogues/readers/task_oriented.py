"""CrossWOZ, SGD and MultiWOZ: dialogues with a service, whose side is called `sys` or `SYSTEM` and is the assistant."""

from proutt_core.dialogues.files.rows import JsonObject
from proutt_core.dialogues.readers.keys import folded
from proutt_core.dialogues.readers.messages import read_plain
from proutt_core.dialogues.readers.source import (
    SourceDialogue,
    SourceMessage,
    first_message,
    identifier,
    messages_of,
)


def claims_crosswoz(row: JsonObject) -> bool:
    first = first_message(row.get("messages"))
    return folded(first.get("role")) in ("usr", "sys") and "content" in first


def read_crosswoz(row: JsonObject, key: str | None) -> SourceDialogue:
    """An object keyed by task id; `messages[{role: usr | sys, content}]`.

    `sys-usr` names the two crowd workers. They acted out given goals for each other, so they do not make a group: 500
    dialogues would fall into a few dozen groups and the splits would be far from what was asked.
    """
    notes: list[str] = []
    messages = read_plain(messages_of(row, "messages"), notes, role="role", text="content")
    return SourceDialogue(
        messages=_system_is_the_assistant(messages),
        external_id=identifier(key, row.get("id"), row.get("task_id"), row.get("dialogue_id"), row.get("dialog_id")),
        split=identifier(row.get("split"), row.get("data_split")),
        notes=notes,
    )


def claims_sgd(row: JsonObject) -> bool:
    first = first_message(row.get("turns"))
    return "speaker" in first and "utterance" in first


def read_sgd(row: JsonObject, key: str | None) -> SourceDialogue:
    """SGD, MultiWOZ 2.2 and the unified 2.1: `turns[{speaker: USER | SYSTEM, utterance}]`."""
    notes: list[str] = []
    messages = read_plain(messages_of(row, "turns"), notes, role="speaker", text="utterance")
    return SourceDialogue(
        messages=_system_is_the_assistant(messages),
        external_id=identifier(row.get("dialogue_id"), row.get("dialog_id"), row.get("id"), key),
        split=identifier(row.get("data_split"), row.get("split")),
        notes=notes,
    )


def _system_is_the_assistant(messages: list[SourceMessage]) -> list[SourceMessage]:
    if any(message.role == "assistant" for message in messages):
        return messages
    return [message._replace(role="assistant") if message.role == "system" else message for message in messages]
