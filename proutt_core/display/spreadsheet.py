"""Text that a table shows and a spreadsheet program may open: never a formula (owasp.org, CSV injection)."""

import re

# Also their full-width forms, which spreadsheets in East Asian languages take for the same.
_STARTS = "=+-@\t\r\n＝＋－＠"
_NUMBER = re.compile(r"[+-]?[\d.,]*\d\s?%?")


def inert(text: str) -> str:
    """The text, behind an apostrophe where a spreadsheet would reckon with it. Numbers stay numbers."""
    start = text.lstrip(" ")
    if len(start) > 1 and start[0] in _STARTS and not _NUMBER.fullmatch(start):
        return f"'{text}"
    return text
