"""Text as a person should see it: hidden characters become visible."""

import unicodedata

_KEPT_CONTROLS = "\n\t"
_JOINERS = "\u200c\u200d"
# Invisible although Unicode calls them letters or marks.
_BLANK_LETTERS = "\u115f\u1160\u3164\uffa0\u17b4\u17b5\u2800"


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
