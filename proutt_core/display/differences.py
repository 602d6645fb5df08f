"""What differs between two texts, marked for reading: by words, and by characters in scripts written without spaces."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from proutt_core.text import CJK

_TOKEN = re.compile(rf"[{CJK}]|[^\W{CJK}]+|\s+|[^\w\s]")
# Two texts that share next to nothing read better whole than as confetti.
UNRELATED = 0.15
AUTOJUNK_FROM = 1500

_Opcode = tuple[bool, int, int, int, int]


@dataclass(frozen=True)
class Piece:
    text: str
    differs: bool


@dataclass(frozen=True)
class Differences:
    """Both texts cut into pieces. Joined, the pieces of a side are that side's text, character by character."""

    left: tuple[Piece, ...]
    right: tuple[Piece, ...]


@lru_cache(maxsize=512)
def differences(left: str, right: str) -> Differences:
    if left == right:
        return Differences(left=_whole(left, differs=False), right=_whole(right, differs=False))
    a, b = _TOKEN.findall(left), _TOKEN.findall(right)
    matcher = SequenceMatcher(None, a, b, autojunk=len(b) >= AUTOJUNK_FROM)
    if matcher.ratio() < UNRELATED:
        return Differences(left=_whole(left, differs=True), right=_whole(right, differs=True))
    opcodes = _without_islands(a, [(tag != "equal", i1, i2, j1, j2) for tag, i1, i2, j1, j2 in matcher.get_opcodes()])
    return Differences(
        left=_pieces(a, [(differs, i1, i2) for differs, i1, i2, _, _ in opcodes]),
        right=_pieces(b, [(differs, j1, j2) for differs, _, _, j1, j2 in opcodes]),
    )


def _without_islands(tokens: list[str], opcodes: list[_Opcode]) -> list[_Opcode]:
    """Equal tokens between two changes count as changed too where they hold no word, or only a single character."""
    last = len(opcodes) - 1
    return [
        (differs or (0 < n < last and not _worth_keeping(tokens[i1:i2])), i1, i2, j1, j2)
        for n, (differs, i1, i2, j1, j2) in enumerate(opcodes)
    ]


def _worth_keeping(tokens: list[str]) -> bool:
    words = [token for token in tokens if token[0].isalnum()]
    return len("".join(words)) > 1


def _pieces(tokens: list[str], spans: list[tuple[bool, int, int]]) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    for differs, start, end in spans:
        text = "".join(tokens[start:end])
        if not text:
            continue
        if pieces and pieces[-1].differs == differs:
            text = pieces.pop().text + text
        pieces.append(Piece(text=text, differs=differs))
    return tuple(pieces)


def _whole(text: str, *, differs: bool) -> tuple[Piece, ...]:
    return (Piece(text=text, differs=differs),) if text else ()
