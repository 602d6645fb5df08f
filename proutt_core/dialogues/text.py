"""Text as it is compared, searched and identified. Nothing here changes what is stored as a message."""

import hashlib
import unicodedata
from collections.abc import Iterable

import orjson

from proutt_core.types import Message


def fold(text: str) -> str:
    """NFKC and casefold: for search and comparison. A query must be folded in the same way."""
    return text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()


def comparison_key(text: str) -> str:
    """The form in which two utterances count as equal: NFKC, casefolded, without white space around."""
    return fold(text).strip()


def search_text(messages: Iterable[Message]) -> str:
    """What the database searches in: all texts, folded, one after another."""
    return fold("\n".join(m.content for m in messages))


def text_sha256(messages: Iterable[Message]) -> str:
    """64 hex digits that are equal exactly when roles and texts are: tells duplicates, and is the id where the source
    gives none."""
    return hashlib.sha256(orjson.dumps([[m.role, m.content] for m in messages])).hexdigest()


def seeded_number(purpose: str, seed: int, name: str) -> int:
    """64 random bits that depend on the purpose, the seed and the name, and not on order, platform or process."""
    return int.from_bytes(hashlib.sha256(f"{purpose}\n{seed}\n{name}".encode()).digest()[:8])
