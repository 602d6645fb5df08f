"""Text as a person should see it: hidden characters become visible, long texts are folded, code is told from prose."""

import re
from dataclasses import dataclass
from typing import Literal

from proutt_core.visible import visible

__all__ = ["Block", "Folded", "blocks", "fold", "visible"]

FOLD_FROM = 900  # characters; half of the assistants' turns in real preference data are longer
KEEP_HEAD, KEEP_TAIL = 420, 180
FOLD_FROM_LINES = 16

_FENCE = re.compile(
    r"^ {0,3}(?P<fence>`{3,}|~{3,})[^`\n]*\n(?P<code>.*?)(?:^ {0,3}(?P=fence)[`~]*[ \t]*$|\Z)",
    re.MULTILINE | re.DOTALL,
)


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
