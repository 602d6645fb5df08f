"""JSON text of any size through a window that slides over it, one value after another.

Why not ijson: its C backend turns a lone surrogate into "?" without a word, and one NaN, one large number or one wrong
byte ends the whole file. Python's own decoder, applied to a window that slides over the file, keeps the text as it is,
costs only the row for such things, and is about as fast. (orjson reads the lines that need no care: exact_orjson.py.)

Read leniently: NaN and infinities as null, raw control characters inside strings as themselves. A key that appears
twice in one object makes the row unusable, because one of the two values would be lost silently.
"""

import codecs
import json
import re
from typing import Any, BinaryIO

from proutt_core.dialogues.files.rows import (
    NOT_UTF8,
    TOO_DEEP,
    TWICE,
    UNREADABLE,
    RowError,
    short_repr,
)
from proutt_core.errors import InputError

CHUNK = 1 << 20  # bytes
LOOKED_AHEAD = 1 << 12  # characters in which the first element of a list begins
LONGEST_ROW = 16 << 20  # characters in a list or object, bytes in a line: beyond this a row is not a dialogue

BOM = "\ufeff"
_SPACE = re.compile(r"[ \t\n\r]*")
_STRUCTURE = re.compile(r'["\[\]{},]')
_STRING_END = re.compile(r'[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_ESCAPED_BYTE = re.compile("[\udc80-\udcff]")
_LITERAL = 16  # no literal or escape of JSON is longer: an error this near the end may only mean "more to come"


class TwiceError(ValueError):
    """A key appears twice in one object."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        names = [name for name, _ in pairs]
        raise TwiceError(next(name for name in names if names.count(name) > 1))
    return value


DECODER = json.JSONDecoder(strict=False, object_pairs_hook=_object, parse_constant=lambda _: None)


def row_error(exc: Exception) -> RowError:
    """Why a row that is JSON cannot become a value."""
    if isinstance(exc, RecursionError):
        return RowError(TOO_DEEP)
    if isinstance(exc, TwiceError):
        return RowError(TWICE, short_repr(exc.args[0]))
    return RowError(UNREADABLE, str(exc)[:120])


class Window:
    """A stretch of the file as text. `pos` is the next character to read; what lies before it may be dropped.

    Wrong bytes become lone surrogates (surrogateescape), which no correct UTF-8 contains: so they cost their row only.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape")
        self._dropped_bytes = 0
        self._started = False
        self.text = ""
        self.pos = 0
        self.ended = False
        self.has_wrong_bytes = False

    def more(self) -> None:
        """Read more. The amount grows with the pending text, so that a long row is not decoded again too often."""
        self._dropped_bytes += len(self.text[: self.pos].encode("utf-8", "surrogateescape"))
        rest = self.text[self.pos :]
        raw = self._stream.read(max(CHUNK, len(rest)))
        piece = self._decoder.decode(raw, final=not raw)
        if not self._started and piece:
            self._started = True
            if piece.startswith(BOM):
                piece = piece[1:]
                self._dropped_bytes += 3
        self.ended = not raw
        self.has_wrong_bytes = self.has_wrong_bytes or (not piece.isascii() and _ESCAPED_BYTE.search(piece) is not None)
        self.text, self.pos = rest + piece, 0

    def peek(self) -> str:
        """The next character that is not white space, or "" at the end of the file."""
        while True:
            self.pos = _SPACE.match(self.text, self.pos).end()  # type: ignore[union-attr]  # always matches
            if self.pos < len(self.text):
                return self.text[self.pos]
            if self.ended:
                return ""
            self.more()

    def byte(self, pos: int) -> int:
        """Where in the file, counted from 1, the character at `pos` starts."""
        return self._dropped_bytes + len(self.text[:pos].encode("utf-8", "surrogateescape")) + 1

    def value(self, where: str) -> tuple[Any, RowError | None]:
        """The JSON value that starts at `pos`, or why this row cannot be used; `pos` moves past it.

        Raises InputError where the file stops being JSON: the rows after that cannot be told apart any more.
        """
        while True:
            try:
                value, end = DECODER.raw_decode(self.text, self.pos)
            except json.JSONDecodeError as exc:
                unfinished = exc.msg.startswith("Unterminated string") or exc.pos >= len(self.text) - _LITERAL
                if not unfinished or self.ended:
                    raise self.broken(where, exc) from exc
            except (ValueError, RecursionError) as exc:
                self.skip(where)
                return None, row_error(exc)
            else:
                if end < len(self.text) or self.ended:  # at the very end a number might go on
                    start, self.pos = self.pos, end
                    if self.has_wrong_bytes and _ESCAPED_BYTE.search(self.text, start, end):
                        return None, RowError(NOT_UTF8)
                    return value, None
            if len(self.text) - self.pos > LONGEST_ROW:
                raise InputError(f"{where} is longer than {LONGEST_ROW:,} characters; is a quotation mark missing?")
            self.more()

    def skip(self, where: str) -> None:
        """Move past the value at `pos` without building it."""
        depth = 0
        while True:
            mark = _STRUCTURE.search(self.text, self.pos)
            if mark is None:
                self.pos = len(self.text)
                self._more_of_a_value(where)
            elif mark.group() == '"':
                end = _STRING_END.match(self.text, mark.end())
                self.pos = end.end() if end else mark.start()
                if end is None:
                    self._more_of_a_value(where)
                elif depth == 0:
                    return
            elif mark.group() in "[{":
                self.pos, depth = mark.end(), depth + 1
            elif depth == 0:  # the comma or bracket after a number
                self.pos = mark.start()
                return
            else:
                self.pos, depth = mark.end(), depth - (mark.group() != ",")
                if depth == 0:
                    return

    def _more_of_a_value(self, where: str) -> None:
        if self.ended:
            raise self.broken(where)
        self.more()

    def broken(self, where: str, exc: json.JSONDecodeError | None = None) -> InputError:
        pos = min(exc.pos, len(self.text)) if exc else self.pos
        at_end = self.ended and (pos >= len(self.text) or (exc and exc.msg.startswith("Unterminated string")))
        if at_end or exc is None:
            return InputError(
                f"{where}: the file ends in the middle, at byte {self.byte(len(self.text)):,}. Is it cut off?"
            )
        excerpt = short_repr(self.text[pos : pos + 20])
        return InputError(f"{where}: not valid JSON at byte {self.byte(pos):,}: {exc.msg} (found {excerpt}).")
