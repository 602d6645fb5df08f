"""Text as a person should see it: hidden characters become visible, long texts are folded, code is told from prose."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

FOLD_FROM = 900  # characters; half of the assistants' turns in real preference data are longer
KEEP_HEAD, KEEP_TAIL = 420, 180
FOLD_FROM_LINES = 16

_KEPT_CONTROLS = "\n\t"
_JOINERS = "\u200c\u200d"
# Invisible although Unicode calls them letters or marks.
_BLANK_LETTERS = "\u115f\u1160\u3164\uffa0\u17b4\u17b5\u2800"
_FENCE = re.compile(
    r"^ {0,3}(?P<fence>`{3,}|~{3,})[^`\n]*\n(?P<code>.*?)(?:^ {0,3}(?P=fence)[`~]*[ \t]*$|\Z)",
    re.MULTILINE | re.DOTALL,
)


def visible(text: str) -> str:
    """Bidirectional overrides, zero-width and control characters become ⟦U+202E⟧ and the like.

    Joiners stay where they belong: inside emoji, and in scripts that join letters.
    """
    text = text.replace("\r\n", "\n")
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if _may_stay(text, i, c) else f"⟦U+{ord(c):04X}⟧" for i, c in enumerate(text))


def _may_stay(text: str, i: int, c: str) -> bool:
    if c.isprintable() and c not in _BLANK_LETTERS:
        return True
    if c in _JOINERS:
        return 0 < i < len(text) - 1 and _joins(text[i - 1]) and _joins(text[i + 1])
    kind = unicodedata.category(c)
    return c in _KEPT_CONTROLS or kind in ("Zs", "Co", "Cn")


def _joins(c: str) -> bool:
    # Pictographs and their modifiers, or letters and marks outside Latin, Greek and Cyrillic.
    kind = unicodedata.category(c)
    return kind in ("So", "Sk", "Mn", "Mc") or (kind == "Lo" and c not in _BLANK_LETTERS)


@dataclass(frozen=True)
class Block:
    kind: Literal["text", "code"]
    body: str


def blocks(text: str) -> list[Block]:
    """Prose and fenced code in turn; a fence that is never closed runs to the end."""
    parts: list[Block] = []
    start = 0
    for match in _FENCE.finditer(text):
        parts += [Block("text", text[start : match.start()].strip("\n")), Block("code", match["code"].rstrip("\n"))]
        start = match.end()
    parts.append(Block("text", text[start:].strip("\n") if start else text))
    return [block for block in parts if block.body.strip()] or [Block("text", text)]


@dataclass(frozen=True)
class Folded:
    head: str
    tail: str


def fold(text: str) -> Folded | None:
    """The first and last words of a long text; None where it is short enough to stand whole."""
    lines = text.splitlines()
    if len(text) <= FOLD_FROM and len(lines) <= FOLD_FROM_LINES:
        return None
    if len(lines) > FOLD_FROM_LINES:
        head, tail = "\n".join(lines[:7]), "\n".join(lines[-3:])
    else:
        head, tail = text, text
    return Folded(head=_cut_end(head), tail=_cut_start(tail))


def _cut_end(text: str) -> str:
    if len(text) <= KEEP_HEAD:
        return text
    space = text.rfind(" ", KEEP_HEAD - 40, KEEP_HEAD)
    return text[: space if space > 0 else KEEP_HEAD].rstrip()


def _cut_start(text: str) -> str:
    if len(text) <= KEEP_TAIL:
        return text
    start = len(text) - KEEP_TAIL
    space = text.find(" ", start, start + 40)
    return text[space if space > 0 else start :].lstrip()
