"""Plain comparisons of texts that the gates, `rules` and the judges share: normal form, length, bigram overlap."""

import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Literal

# Han with its extensions, kana: scripts written without spaces, where characters stand in for words.
CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_CJK_CHARACTER = re.compile(f"[{CJK}]")
_WORD = re.compile(rf"[^\W{CJK}]+")
_LETTERS = re.compile(rf"[^\W\d_{CJK}]+")
_UNIT = re.compile(rf"[{CJK}]+|[^\W{CJK}]+")
_QUOTES_AND_BRACKETS = " \t\r\n\"'“”‘’«»「」『』<>[](){}"
_FENCE = re.compile(r"```[a-zA-Z]*[ \t\r]*\n")
_DOTS = frozenset(".…⋯‥")

LONG_WORDS = 4
LONG_CJK = 8
FEWEST_WORDS = 4  # of an alphabet: "OK", "iPhone 15 Pro" and the like are written in any language
FEWEST_CJK = 4
FEWEST_NGRAMS = 4


def normalise(text: str) -> str:
    """NFKC, casefolded, runs of white space as one space."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def in_one_line(text: str) -> str:
    """Words of others, as they may stand in an error or a log: control characters and line ends become spaces."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def is_placeholder(text: str) -> bool:
    """Whether a text says nothing but the … that stands for a text in the form that a prompt shows."""
    rest = "".join(text.strip(_QUOTES_AND_BRACKETS).split())
    return rest not in ("", ".") and _DOTS.issuperset(rest)


def placeholders_in(node: Any, where: str = "") -> Iterator[str]:
    """Where placeholders stand in plain data: "mining.predictions.0.text"."""
    if isinstance(node, str):
        if is_placeholder(node):
            yield where
    elif isinstance(node, Mapping):
        for name, part in node.items():
            yield from placeholders_in(part, f"{where}.{name}" if where else str(name))
    elif isinstance(node, list | tuple):
        for number, part in enumerate(node):
            yield from placeholders_in(part, f"{where}.{number}" if where else str(number))


def unfenced(text: str) -> str:
    """What stands in a code fence that is around the whole text; the text itself where there is none.

    Searched from both ends: a pattern over the whole would take quadratic time for a long run of blanks.
    """
    opening = _FENCE.match(text)
    if opening is None or not text.endswith("```") or len(text) < opening.end() + 3:
        return text
    return text[opening.end() : -3].strip()


def cjk_characters(text: str) -> int:
    return len(_CJK_CHARACTER.findall(text))


def is_long(text: str) -> bool:
    """Long enough that finding it elsewhere is no accident: from 4 words or 8 CJK characters on."""
    return len(_WORD.findall(text)) >= LONG_WORDS or cjk_characters(text) >= LONG_CJK


def script_of(text: str) -> Literal["han", "other"] | None:
    """Han or kana, or words of an alphabet, where it is beyond doubt; None for short and for mixed texts.

    "han": at least 4 Han or kana characters, and twice as many as words of other letters. "other": none of them, and
    at least 4 words.
    """
    characters, words = cjk_characters(text), len(_LETTERS.findall(text))
    if characters >= FEWEST_CJK and characters >= 2 * words:
        return "han"
    return "other" if not characters and words >= FEWEST_WORDS else None


def ngrams(text: str) -> set[str]:
    """What a text says, in small pieces: its words, its pairs of adjacent words, its pairs of adjacent CJK characters.

    Normalised first; punctuation and white space count for nothing, but no pair reaches over a change of script.
    """
    grams: set[str] = set()
    previous = ""
    for unit in _UNIT.findall(normalise(text)):
        if cjk_characters(unit):
            grams.update(map("".join, itertools.pairwise(unit)))
            previous = ""
        else:
            grams |= {unit, f"{previous} {unit}"} if previous else {unit}
            previous = unit
    return grams


def bigrams(text: str) -> Counter[str]:
    """Character bigrams of the normalised text, counted. A text of one character is its own bigram."""
    plain = normalise(text)
    return Counter([plain] if len(plain) == 1 else map("".join, itertools.pairwise(plain)))


def dice(a: str, b: str) -> float:
    """Sørensen-Dice overlap of character bigrams: 2·|A ∩ B| / (|A| + |B|), 0 to 1; two empty texts give 1."""
    left, right = bigrams(a), bigrams(b)
    total = left.total() + right.total()
    return 2 * (left & right).total() / total if total else 1.0
