"""A server's own words, as they may stand in an error, on a page, in the terminal and in the log: one line, not too
long, nothing raw in it, and no key."""

import re

from proutt_core.text import in_one_line

# Of what is looked at: a body may be large, and its first words say what is wrong.
_READ = 4_000
_SHOWN = 300
_KEY = re.compile(
    r"\b(?:sk|pk|rk|gsk|hf|xai|nvapi|pplx|fw|tgp|csk|key|AIza)[-_]?[A-Za-z0-9_-]{16,}|(?<=Bearer )[^\s'\"]{8,}",
    re.IGNORECASE,
)
_HIDDEN_PARTS = re.compile(r"<(script|style)\b.*?(?:</\1\s*>|\Z)|<!--.*?(?:-->|\Z)", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"</?[a-z!][^<>]{0,500}>", re.IGNORECASE)
_PAGE = re.compile(r"\s*<(?:!doctype|html|head|body|p|h\d|center|title)\b", re.IGNORECASE)
MASK = "•••"


def shown(words: str, *, key: str | None = None, at_most: int = _SHOWN) -> str:
    """`key` is the one that was sent; what looks like another one is masked as well."""
    words = words[: _READ + (len(key) if key else 0)]
    if key:
        words = words.replace(key, MASK)
    words = in_one_line(words)
    words = _KEY.sub(MASK, words)
    return words if len(words) <= at_most else f"{words[:at_most].rstrip()} …"


def is_page(text: str) -> bool:
    """Whether it is a web page, or a piece of one."""
    return _PAGE.match(text) is not None


def of_page(text: str) -> str:
    """What a web page says."""
    return _TAG.sub(" ", _HIDDEN_PARTS.sub(" ", text[:_READ])).strip() if is_page(text) else text
