"""LMSYS-Chat-1M and WildChat: `conversation[{role, content}]` with the collectors' own flags."""

from proutt_core.dialogues.files.rows import JsonObject
from proutt_core.dialogues.readers.source import (
    SourceDialogue,
    SourceMessage,
    SourceRole,
    any_true,
    first_message,
    flagged,
    identifier,
    messages_of,
    read_messages,
)

ROLES: dict[str, SourceRole] = {"user": "user", "assistant": "assistant", "system": "system"}
_WILDCHAT_KEYS = ("conversation_hash", "detoxify_moderation", "toxic", "hashed_ip")


def claims_lmsys(row: JsonObject) -> bool:
    return "conversation_id" in row and "role" in first_message(row.get("conversation"))


def claims_wildchat(row: JsonObject) -> bool:
    first = first_message(row.get("conversation"))
    return "role" in first and any(key in row for key in _WILDCHAT_KEYS)


def read_lmsys(row: JsonObject, key: str | None) -> SourceDialogue:
    return SourceDialogue(
        messages=_messages(messages_of(row, "conversation")),
        external_id=identifier(row.get("conversation_id"), key),
        language=identifier(row.get("language")),
        toxic=flagged(row.get("openai_moderation")),
    )


def read_wildchat(row: JsonObject, key: str | None) -> SourceDialogue:
    """The user is the hashed address: of the row, or of the first message that has one."""
    messages = messages_of(row, "conversation")
    toxic = any_true([row.get("toxic"), flagged(row.get("openai_moderation")), *(m.get("toxic") for m in messages)])
    return SourceDialogue(
        messages=_messages(messages),
        external_id=identifier(row.get("conversation_hash"), row.get("conversation_id"), key),
        group=identifier(row.get("hashed_ip"), *(m.get("hashed_ip") for m in messages)),
        language=identifier(row.get("language")),
        toxic=toxic,
    )


def _messages(messages: list[JsonObject]) -> list[SourceMessage]:
    return read_messages(messages, ROLES, role="role", text="content")
