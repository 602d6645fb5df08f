"""Which way a text runs, for what draws it without asking: a canvas."""

import unicodedata

_FROM_RIGHT = ("R", "AL")  # Hebrew and its kin, Arabic and its kin


def begins_from_right(text: str) -> bool:
    """Its first letter that has a direction is written from right to left, as browsers decide for `dir="auto"`."""
    directions = (unicodedata.bidirectional(character) for character in text)
    return next((direction in _FROM_RIGHT for direction in directions if direction in ("L", *_FROM_RIGHT)), False)
