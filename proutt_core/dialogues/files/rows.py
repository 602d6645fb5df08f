"""What travels between the steps of reading: a row of the file, and why a row cannot be used."""

from dataclasses import dataclass
from typing import Any

JsonObject = dict[str, Any]

# Reasons are few and fixed, so that a report can count them; the detail says what is particular to the row.
NOT_JSON = "not valid JSON"
NOT_UTF8 = "not valid UTF-8"
NOT_AN_OBJECT = "not a JSON object"
TOO_DEEP = "nested too deeply"
TOO_LONG = "row too long"
TWICE = "a key appears twice"
UNREADABLE = "value that cannot be read"
NO_MESSAGES = "no list of messages"
BAD_MESSAGE = "a message is not an object"
BAD_TEXT = "a message's text is not text"
NO_TEXT = "a message has no text field"
UNKNOWN_ROLE = "unknown role"
NO_USER = "no user message"
NO_CONVERSATION = "a message names no conversation"


class RowError(Exception):
    """This row cannot be used; the file goes on. `reason` is one of the constants above."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row as it stands in the file.

    `number` counts from 1: the line in a JSONL file (blank lines count, so that an editor finds it), otherwise the
    position among the file's rows. `key` is the row's key where the file is one object of rows. With `error`, `value`
    means nothing. `file` is the name of the file that holds the row, where there are several.
    """

    number: int
    value: Any = None
    key: str | None = None
    error: RowError | None = None
    file: str = ""


def short_repr(value: object, limit: int = 60) -> str:
    """A value of the file, shortened and escaped, for a message."""
    text = repr(value[:limit] if isinstance(value, str) else value)[: limit + 2]
    return text.encode("ascii", "backslashreplace").decode() if not text.isprintable() else text


def kind(value: object) -> str:
    """JSON's name for the type of a value."""
    names = {bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "a list", dict: "an object"}
    return "null" if value is None else names.get(type(value), type(value).__name__)


def one_line(exc: Exception) -> str:
    """A library's words on a broken file in one line, with nothing raw of the file that it quotes."""
    text = " ".join(str(exc)[:200].split())
    return text if text.isprintable() else text.encode("unicode_escape").decode("ascii")
