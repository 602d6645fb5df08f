"""Keys as people write them: `conversation_id`, `conversationId`, `Conversation ID` are one; JSON as text in cells."""

import ast
import json
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from proutt_core.dialogues.files.rows import JsonObject

LONGEST_KEY = 60  # characters; no key that means something to a reader is longer
LONGEST_LITERAL = 16 << 20  # characters of Python's notation that are read

# A literal as a whole, or a closing bracket, with nothing but white space before the next value: numpy's notation.
_COMMA_MISSING = re.compile(r"""('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[}\]])(\s+)(?=['"{\[])""", re.DOTALL)


@lru_cache(maxsize=4096)
def _folded(key: str) -> str:
    return "".join(c for c in key.casefold() if c.isalnum())


def folded(key: object) -> str:
    """Letters and digits of a key, in small letters: `_id` is `id`, `sender-type` is `sendertype`."""
    return _folded(key) if isinstance(key, str) and len(key) <= LONGEST_KEY else ""


def view(row: JsonObject) -> JsonObject:
    """The row under its folded keys; the first of two that become one key counts."""
    folded_row: JsonObject = {}
    for key, value in row.items():
        folded_row.setdefault(folded(key), value)
    return folded_row


def first(row: JsonObject, keys: Iterable[str]) -> Any:
    """The value of the first of `keys` that says something: not null, not blank, not an empty list or object."""
    for key in keys:
        value = row.get(key)
        if value is not None and value != [] and value != {} and not (isinstance(value, str) and not value.strip()):
            return value
    return None


def decoded(value: Any) -> Any:
    """A list or an object that stands in a cell as text of JSON, Python or numpy; other values as they are."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if not (text.startswith(("[", "{")) and text.endswith(("]", "}"))):
        return value
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    if len(text) > LONGEST_LITERAL:
        return value
    try:
        return ast.literal_eval(_COMMA_MISSING.sub(r"\1,\2", text))
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):  # what literal_eval raises for other text
        return value
