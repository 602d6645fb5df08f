"""OpenAI messages: `messages` (or `conversation`) of `{role, content}`; content may be a list of parts, or null beside
tool calls. A tool call becomes one line of JSON, `{"name": …, "arguments": …}`, as ShareGPT files write it."""

import json
from typing import Any

from proutt_core.dialogues.files.rows import BAD_MESSAGE, BAD_TEXT, NO_TEXT, JsonObject, RowError, kind
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
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool_result",
    "function": "tool_result",
}
PARTS_JOINED = "text parts of a message joined"
PARTS_DROPPED = "message parts other than text dropped"


def claims(row: JsonObject) -> bool:
    first = first_message(row.get("messages")) or first_message(row.get("conversation"))
    return first.get("role") in ROLES


def read(row: JsonObject, key: str | None) -> SourceDialogue:
    messages: list[SourceMessage] = []
    notes: list[str] = []
    for number, message in enumerate(messages_of(row, "messages", "conversation"), 1):
        role = role_of(message.get("role"), ROLES, number)
        calls = _calls(message, number)
        if "content" not in message and "refusal" not in message and not calls:
            raise RowError(NO_TEXT, f"message {number}: no `content`")
        text = _text(message, number, notes)
        if text or not calls:
            messages.append(SourceMessage(role, text))
        messages.extend(SourceMessage("tool_call", call) for call in calls)
    return SourceDialogue(
        messages=messages,
        external_id=identifier(row.get("id"), key),
        group=identifier(row.get("group"), row.get("user")),
        language=identifier(row.get("language")),
        split=identifier(row.get("split"), row.get("data_split")),
        notes=notes,
    )


def _text(message: JsonObject, number: int, notes: list[str]) -> str:
    content = message.get("content")
    if content is None:
        content = message.get("refusal")
    if not isinstance(content, list):
        return text_of(content, number)
    texts = [_part(part, number) for part in content]
    present = [text for text in texts if text is not None]
    if len(present) < len(texts):
        notes.append(PARTS_DROPPED)
    if len(present) > 1:
        notes.append(PARTS_JOINED)
    return "\n".join(present)


def _part(part: Any, number: int) -> str | None:
    """The text of a part; None for an image, a sound or a file."""
    if isinstance(part, str):
        return part
    if not isinstance(part, dict):
        raise RowError(BAD_TEXT, f"message {number} has a part that is {kind(part)}")
    for name in ("text", "refusal"):
        if name in part:
            return text_of(part[name], number)
    return None


def _calls(message: JsonObject, number: int) -> list[str]:
    calls = message.get("tool_calls") or []
    if not isinstance(calls, list) or not all(isinstance(call, dict) for call in calls):
        raise RowError(BAD_MESSAGE, f"message {number}: `tool_calls` is not a list of objects")
    functions = [call.get("function", call) for call in calls]
    if message.get("function_call"):
        functions.append(message["function_call"])
    return [_call(function, number) for function in functions]


def _call(function: Any, number: int) -> str:
    if not isinstance(function, dict):
        raise RowError(BAD_MESSAGE, f"message {number}: a tool call is {kind(function)}")
    arguments = function.get("arguments")
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments)
        except (ValueError, RecursionError):  # a model wrote it: anything may stand there, and it stays as it is
            arguments = function["arguments"]
    return json.dumps({"name": function.get("name"), "arguments": arguments}, ensure_ascii=False, default=str)
