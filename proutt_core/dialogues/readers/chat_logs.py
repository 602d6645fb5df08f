"""LMSYS-Chat-1M and WildChat: `conversation[{role, content}]` with the collectors' own flags."""

from proutt_core.dialogues.files.rows import JsonObject
from proutt_core.dialogues.readers.messages import read_plain
from proutt_core.dialogues.readers.source import (
    SourceDialogue,
    any_true,
    first_message,
    flagged,
    identifier,
    messages_of,
)

_WILDCHAT_KEYS = ("conversation_hash", "detoxify_moderation", "toxic", "hashed_ip")


def claims_lmsys(row: JsonObject) -> bool:
    return "conversation_id" in row and "role" in first_message(row.get("conversation"))


def claims_wildchat(row: JsonObject) -> bool:
    first = first_message(row.get("conversation"))
    return "role" in first and any(key in row for key in _WILDCHAT_KEYS)


def read_lmsys(row: JsonObject, key: str | None) -> SourceDialogue:
    notes: list[str] = []
    return SourceDialogue(
        messages=read_plain(messages_of(row, "conversation"), notes, role="role", text="content"),
        external_id=identifier(row.get("conversation_id"), key),
        language=identifier(row.get("language")),
        split=identifier(row.get("split")),
        toxic=flagged(row.get("openai_moderation")),
        notes=notes,
    )


def read_wildchat(row: JsonObject, key: str | None) -> SourceDialogue:
    """The user is the hashed address: of the row, or of the first message that has one."""
    messages = messages_of(row, "conversation")
    notes: list[str] = []
    toxic = any_true([row.get("toxic"), flagged(row.get("openai_moderation")), *(m.get("toxic") for m in messages)])
    return SourceDialogue(
        messages=read_plain(messages, notes, role="role", text="content"),
        external_id=identifier(row.get("conversation_hash"), row.get("conversation_id"), key),
        group=identifier(row.get("hashed_ip"), *(m.get("hashed_ip") for m in messages)),
        language=identifier(row.get("language")),
        split=identifier(row.get("split")),
        toxic=toxic,
        notes=notes,
    )
