"""A stream of events, or of lines, where one answer was asked for: put together into that answer."""

import json
from collections.abc import Iterator
from typing import Any

_DONE = "[DONE]"


def put_together(text: str) -> dict[str, Any] | None:
    """The body that the stream amounts to; None where the text is none. An error in it is its whole answer."""
    events = list(_events(text))
    if not events:
        return None
    whole: dict[str, Any] = {}
    contents: dict[str, list[str]] = {}
    finish_reason: object = None
    for event in events:
        if event.get("error"):
            return event
        whole |= {name: event[name] for name in ("id", "model", "provider", "usage") if event.get(name)}
        choices = event.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else event
        piece = choice.get("delta") or choice.get("message") or choice
        finish_reason = choice.get("finish_reason") or choice.get("done_reason") or finish_reason
        if isinstance(piece, dict):
            for name in ("content", "reasoning_content", "reasoning", "thinking", "text"):
                if isinstance(piece.get(name), str):
                    contents.setdefault(name, []).append(piece[name])
    if not contents and finish_reason is None:
        return None
    message = {name: "".join(pieces) for name, pieces in contents.items()}
    return whole | {"choices": [{"message": message, "finish_reason": finish_reason}]}


def _events(text: str) -> Iterator[dict[str, Any]]:
    """The JSON objects of server-sent events, or one a line; nothing where any line is neither."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    are_events = any(line.startswith("data:") for line in lines)
    if not are_events and len(lines) < 2:
        return
    for line in lines:
        if are_events and not line.startswith("data:"):
            continue  # a comment that keeps the connection open, the name of an event
        data = line.removeprefix("data:").strip() if are_events else line
        if data == _DONE:
            return
        try:
            event = json.loads(data)
        except (ValueError, RecursionError):
            return
        if isinstance(event, dict):
            yield event
