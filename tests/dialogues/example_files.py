"""Writing small files of each kind, and reading them."""

import json
from pathlib import Path
from typing import Any

from proutt_core.dialogues import Imported, ImportReport, ImportSettings, Row, import_dialogues, read_dialogues


def jsonl(path: Path, *rows: Any) -> Path:
    """Objects become lines of JSON, bytes a line as they are."""
    lines = [row if isinstance(row, bytes) else json.dumps(row, ensure_ascii=False).encode() for row in rows]
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


def json_file(path: Path, value: Any) -> Path:
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    return path


def raw(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def read(path: Path, *, format: str | None = None) -> list[Row]:
    return list(read_dialogues(path, format=format))


def imported(path: Path, **settings: Any) -> tuple[list[Imported], ImportReport]:
    report = ImportReport()
    items = list(import_dialogues(read_dialogues(path), ImportSettings(**settings), report))
    return items, report


def json_values(text: str) -> list[Any]:
    """JSON values that follow each other, one a line or indented."""
    values: list[Any] = []
    while text := text.lstrip():
        value, end = json.JSONDecoder().raw_decode(text)
        values.append(value)
        text = text[end:]
    return values


def talk(*texts: str) -> list[dict[str, str]]:
    """user, assistant, user, … in OpenAI's shape"""
    return [{"role": ("user", "assistant")[i % 2], "content": text} for i, text in enumerate(texts)]


def lmsys(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A synthetic row with LMSYS-Chat-1M's schema."""
    conversation = changes.pop("conversation", talk(f"Question {number}?", "Answer NAME_1.", "And then?", "Nothing."))
    return {
        "conversation_id": f"{number:032x}",
        "model": "vicuna-13b",
        "conversation": conversation,
        "turn": len(conversation) // 2,
        "language": "English",
        "openai_moderation": [{"categories": {"hate": False}, "category_scores": {"hate": 1e-5}, "flagged": False}],
        "redacted": False,
    } | changes


def wildchat(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A synthetic row with WildChat-1M's schema."""
    texts = (f"Write to <PRESIDIO_ANONYMIZED_PERSON> {number}", "Dear <PRESIDIO_ANONYMIZED_PERSON>", "Shorter", "Hi")
    conversation = [
        m | {"language": "English", "redacted": True, "toxic": False, "turn_identifier": number, "hashed_ip": None}
        for m in talk(*texts)
    ]
    return {
        "conversation_hash": f"{number:032x}",
        "model": "gpt-4",
        "timestamp": "2023-04-09T00:02:53+00:00",
        "conversation": conversation,
        "turn": 2,
        "language": "English",
        "openai_moderation": [{"flagged": False}],
        "detoxify_moderation": [{"toxicity": 0.01}],
        "toxic": False,
        "redacted": True,
        "hashed_ip": f"ip{number % 2}",
    } | changes


def sharegpt(*pairs: tuple[str, str], **more: Any) -> dict[str, Any]:
    return {"conversations": [{"from": who, "value": text} for who, text in pairs]} | more
