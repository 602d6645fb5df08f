"""Whether a text tells what the user said next in a dialogue: its last messages and then the answer, in the same words.

Words count, not how they are written down: spaces, capitals, punctuation, line ends and forms of letters make no
difference, nor does what stands between the messages, such as the names of speakers in a prompt.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

# So many letters of the dialogue before an answer tell it from others that end in the same few words.
ENOUGH = 60
_WORD = re.compile(r"\w+")
_ESCAPED = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)


@dataclass(frozen=True)
class Words:
    """A text as it is compared: its words with a space before, between and after them, and which words these are."""

    line: str
    known: frozenset[str]

    @classmethod
    def of(cls, text: str) -> "Words":
        plain = text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()
        words = _WORD.findall(plain)
        return cls(f" {' '.join(words)} " if words else "", frozenset(words))


@dataclass(frozen=True)
class Answer:
    """What the user said next in a dialogue, after the messages that lead to it, as lines of words."""

    lines: tuple[str, ...]
    known: frozenset[str]

    @classmethod
    def at(cls, target: int, messages: Sequence[dict[str, Any]]) -> "Answer":
        """Of a stored dialogue's message at `target`. A system prompt leads to nothing: copies often have another."""
        before = [Words.of(m["content"]) for m in messages[:target] if m["role"] != "system"]
        first, letters = len(before), 0
        while first > 0 and (letters < ENOUGH or first > len(before) - 2):
            first -= 1
            letters += len(before[first].line)
        said = [*before[first:], Words.of(messages[target]["content"])]
        return cls(tuple(words.line for words in said if words.line), frozenset().union(*(w.known for w in said)))

    def told_in(self, text: Words) -> bool:
        # Most texts lack a word of it, which is soon found out.
        if len(self.lines) < 2 or not self.known <= text.known:
            return False
        at = 0
        for line in self.lines:
            at = text.line.find(line, at)
            if at < 0:
                return False
            at += len(line) - 1  # the space after it may be the one before the next
        return True


def unescaped(text: str) -> str:
    """Of JSON or a literal inside a text, what its escapes stand for."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)) if found[1] else " ", text) if "\\" in text else text
