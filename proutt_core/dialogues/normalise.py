"""From a source's messages to ours: at most one system message, then user and assistant in turn, the user first.

What is changed, and recorded as a note (one phrase a kind, so that a report can count them):
- characters that databases cannot hold (NUL, lone surrogates) become U+FFFD;
- empty messages are dropped (white space and invisible characters only);
- tool calls and tool results become text of the assistant's turn, unchanged, each on a new line;
- system messages before the first user message are joined into one; later ones are dropped, because moving them to the
  front would show the model what was not yet said;
- other messages before the first user message are dropped;
- adjacent messages of one role are joined by a newline.
Nothing else is changed: byte order marks, form feeds, markup and masks such as <PRESIDIO_ANONYMIZED_PERSON> stay.
"""

import re
from collections.abc import Iterable

from proutt_core.dialogues.files.rows import NO_USER, RowError
from proutt_core.dialogues.readers.source import SourceMessage
from proutt_core.types import Message, Role

REPLACED = "characters that cannot be stored replaced by U+FFFD"
EMPTY = "empty messages dropped"
TOOLS = "tool messages joined to the assistant's turn"
ORPHAN = "tool result without a tool call"
LATE_SYSTEM = "system messages inside the conversation dropped"
BEFORE_USER = "messages before the first user message dropped"
JOINED = "adjacent messages of one role joined"

_INVISIBLE = re.compile(r"[\s\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]*")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_ROLES: dict[str, Role] = {
    "system": "system",
    "user": "user",
    "assistant": "assistant",
    "tool_call": "assistant",
    "tool_result": "assistant",
}


def normalise(source: Iterable[SourceMessage]) -> tuple[tuple[Message, ...], tuple[str, ...]]:
    """The normalised messages and the notes. RowError where no user message is left."""
    notes: dict[str, None] = {}  # in order, each once
    joined: list[tuple[Role, list[str]]] = []
    previous = ""
    started = False
    for source_role, raw in source:
        text = raw if raw.isascii() and "\x00" not in raw else storable(raw)
        if text is not raw:
            notes[REPLACED] = None
        role = _ROLES[source_role]
        if not text[:1].isalnum() and is_blank(text):
            notes[EMPTY] = None
            continue
        if role == "system" and started:
            notes[LATE_SYSTEM] = None
            continue
        if role == "assistant" and not started:
            notes[BEFORE_USER] = None
            continue
        started = started or role == "user"
        if source_role == "tool_result" and previous not in ("tool_call", "tool_result"):
            notes[ORPHAN] = None
        if source_role.startswith("tool"):
            notes[TOOLS] = None
        elif joined and joined[-1][0] == role and not previous.startswith("tool"):
            notes[JOINED] = None
        if joined and joined[-1][0] == role:
            joined[-1][1].append(text)
        else:
            joined.append((role, [text]))
        previous = source_role
    if not started:
        raise RowError(NO_USER)
    messages = [Message(role=role, content=texts[0] if len(texts) == 1 else "\n".join(texts)) for role, texts in joined]
    return tuple(messages), tuple(notes)


def storable(text: str) -> str:
    """The text itself, or a copy in which the characters that no database holds are U+FFFD."""
    if "\x00" not in text:
        try:
            text.encode()
        except UnicodeEncodeError:
            pass
        else:
            return text
    return _UNSTORABLE.sub("\ufffd", text)


def is_blank(text: str) -> bool:
    """Whether there is nothing to see: only white space and invisible characters."""
    return _INVISIBLE.fullmatch(text) is not None
