"""ShareGPT: `conversations[{from, value}]`, with the many role names seen in the wild; text also under `text` or
`markdown.answer`. Only the conversation is read: `chosen`, `rejected` and `tools` are not messages of the dialogue."""

import re
from typing import Any

from proutt_core.dialogues.files.rows import NO_TEXT, JsonObject, RowError
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

ROLES: dict[str, SourceRole] = {
    "human": "user",
    "user": "user",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "bing": "assistant",
    "bard": "assistant",
    "assistant": "assistant",
    "system": "system",
    "function_call": "tool_call",
    "observation": "tool_result",
    "tool": "tool_result",
}
_PIECE = re.compile(r"(.+)_[0-9]+", re.DOTALL)


def claims(row: JsonObject) -> bool:
    first = first_message(row.get("conversations"))
    return "from" in first or "role" in first


def read(row: JsonObject, key: str | None) -> SourceDialogue:
    """A long conversation is published in pieces `abc_0`, `abc_17`: they are one group, `abc`."""
    external_id = identifier(row.get("id"), key)
    piece = _PIECE.fullmatch(external_id) if external_id else None
    return SourceDialogue(
        messages=[
            SourceMessage(role_of(m.get("from", m.get("role")), ROLES, n), _text(m, n))
            for n, m in enumerate(messages_of(row, "conversations"), 1)
        ],
        external_id=external_id,
        group=piece.group(1) if piece else None,
        language=identifier(row.get("language")),
    )


def _text(message: JsonObject, number: int) -> str:
    markdown = message.get("markdown")
    values: list[Any] = [message[name] for name in ("value", "text", "content") if name in message]
    if isinstance(markdown, dict) and "answer" in markdown:
        values.append(markdown["answer"])
    if not values:
        raise RowError(NO_TEXT, f"message {number}: no `value`, `text` or `markdown.answer`")
    return text_of(next((value for value in values if value is not None), None), number)
