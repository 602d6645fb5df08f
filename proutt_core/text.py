"""Plain comparisons of texts that the gates, `rules` and the judges share: normal form, length, bigram overlap."""

import itertools
import re
import unicodedata
from collections import Counter

# Han with its extensions, kana: scripts written without spaces, where characters stand in for words.
CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_CJK_CHARACTER = re.compile(f"[{CJK}]")
_WORD = re.compile(rf"[^\W{CJK}]+")

LONG_WORDS = 4
LONG_CJK = 8


def normalise(text: str) -> str:
    """NFKC, casefolded, runs of white space as one space."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def cjk_characters(text: str) -> int:
    return len(_CJK_CHARACTER.findall(text))


def is_long(text: str) -> bool:
    """Long enough that finding it elsewhere is no accident: from 4 words or 8 CJK characters on."""
    return len(_WORD.findall(text)) >= LONG_WORDS or cjk_characters(text) >= LONG_CJK


def bigrams(text: str) -> Counter[str]:
    """Character bigrams of the normalised text, counted. A text of one character is its own bigram."""
    plain = normalise(text)
    return Counter([plain] if len(plain) == 1 else map("".join, itertools.pairwise(plain)))


def dice(a: str, b: str) -> float:
    """Sørensen-Dice overlap of character bigrams: 2·|A ∩ B| / (|A| + |B|), 0 to 1; two empty texts give 1."""
    left, right = bigrams(a), bigrams(b)
    total = left.total() + right.total()
    return 2 * (left & right).total() / total if total else 1.0
