"""JSON put together from pieces, so that a long piece is written once: what a message says goes into a call's key, its
request and its row.

Everything here is compact and ASCII. A lone surrogate (they occur in real logs) stays one, as an escape.
"""

import functools
import json
from collections.abc import Iterable, Mapping

as_json = json.JSONEncoder(separators=(",", ":")).encode
as_sorted_json = json.JSONEncoder(separators=(",", ":"), sort_keys=True).encode

# As many as are under way at once; a text that fell out is written again.
_TEXTS = 256


@functools.lru_cache(maxsize=_TEXTS)
def text_json(text: str) -> str:
    """Of a text that is likely to be written again soon."""
    return as_json(text)


def object_json(members: Mapping[str, str]) -> str:
    """Of members that are JSON already."""
    return "{" + ",".join(f"{as_json(name)}:{value}" for name, value in members.items()) + "}"


def array_json(members: Iterable[str]) -> str:
    """Of members that are JSON already."""
    return "[" + ",".join(members) + "]"


def is_whole(text: str) -> bool:
    """Whether UTF-8 has a form for it: it holds no lone surrogates."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
