"""Which encoding a text is in: told by its first bytes, or read from it with charset-normalizer."""

import codecs
import io
import re
from dataclasses import dataclass
from typing import BinaryIO, cast

UTF_8 = "utf-8"
LOOKED_AT = 1 << 18  # bytes: the beginning of a text, in which its encoding is looked for
FEWEST_BAD = 6  # bytes that are no UTF-8: fewer are damage in a file that is UTF-8

_BOMS = (
    (codecs.BOM_UTF8, UTF_8),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Encodings that are ASCII with escapes.
_ESCAPES = ((b"\x1b$B", "iso2022_jp"), (b"\x1b$@", "iso2022_jp"), (b"\x1b$)C", "iso2022_kr"))
_ESCAPED = re.compile("[\udc80-\udcff]")
_LATIN = re.compile('(?<=[A-Za-z ])[\udcc0-\udcff](?=[A-Za-z ,.;:!?"])')  # one accented letter in a word
_WIDE = re.compile("[^\x00-\x7f\udc80-\udcff]")
# A guess is one of these: what chat logs are kept in besides UTF-8.
_GUESSED = [
    *("gb18030", "big5", "shift_jis", "euc_jp", "euc_kr", "cp949", "cp1252", "cp1250", "cp1251", "cp1253", "cp1254"),
    *("cp1255", "cp1256", "koi8_r", "cp874", "latin_1", "iso8859_2", "iso8859_15", "cp1257", "cp1258"),
]


@dataclass(frozen=True, slots=True)
class Encoding:
    """`mark_length`: bytes of the byte order mark. `is_guess`: read from the text, and so perhaps wrong."""

    name: str
    mark_length: int = 0
    is_guess: bool = False

    @property
    def is_utf_8(self) -> bool:
        return self.name == UTF_8


def encoding_of(head: bytes) -> Encoding | None:
    """The encoding of a text that begins so; None where it is not UTF-8 and nothing else can be told.

    A text that is UTF-8 but for a few bytes is UTF-8: those cost what holds them and not the whole.
    """
    for mark, name in _BOMS:
        if head.startswith(mark):
            return Encoding(name, len(mark))
    for mark, name in _ESCAPES:
        if mark in head:
            return Encoding(name, is_guess=True)
    wide = _without_mark(head)
    if wide is not None:
        return Encoding(wide, is_guess=True)
    text = codecs.getincrementaldecoder(UTF_8)("surrogateescape").decode(head)
    bad, right = len(_ESCAPED.findall(text)), len(_WIDE.findall(text))
    if not right and 2 <= bad < FEWEST_BAD and len(_LATIN.findall(text)) == bad:
        return Encoding("cp1252", is_guess=True)  # a small file with a few accents
    if bad < FEWEST_BAD or bad < right // 10:
        return Encoding(UTF_8)
    return _guessed(head)


def _without_mark(head: bytes) -> str | None:
    """UTF-16 without a mark: every other byte of what JSON, CSV and Latin letters are made of is zero."""
    sample = head[: 1 << 12]
    if len(sample) < 8:
        return None
    quarter = len(sample) // 4
    zeros = [sample[place::4].count(0) for place in range(4)]
    for name, wide in (("utf-32-le", zeros[2:]), ("utf-32-be", zeros[:2])):
        if min(wide) * 10 >= quarter * 9:
            return name
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    half = len(sample) // 2
    if odd * 5 > half and even * 50 < half:
        return "utf-16-le"
    return "utf-16-be" if even * 5 > half and odd * 50 < half else None


def _guessed(head: bytes) -> Encoding | None:
    from charset_normalizer import from_bytes

    lines = head[: head.rfind(b"\n") + 1] or head
    worth = [line for line in lines.splitlines(keepends=True) if not line.isascii()]
    sample = b"".join(worth)[: 1 << 16]
    best = from_bytes(sample, cp_isolation=_GUESSED, language_threshold=0.0).best()
    return None if best is None else Encoding(best.encoding, is_guess=True)


def recoded(stream: BinaryIO, encoding: Encoding) -> BinaryIO:
    """The stream in UTF-8. Bytes that are wrong in its encoding become bytes that are wrong in UTF-8. (A mark of UTF-8
    stays: whoever reads the text counts its bytes.)"""
    if encoding.is_utf_8:
        return stream
    stream.read(encoding.mark_length)
    return io.BufferedReader(_Recoded(stream, encoding.name), buffer_size=LOOKED_AT)


class _Recoded(io.RawIOBase):
    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
        self._pending = b""
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast(bytearray, buffer))
        while not self._pending and not self._ended:
            raw = self._stream.read(len(view))
            self._ended = not raw
            text = self._decoder.decode(raw, final=self._ended)
            # U+FFFD of the decoder must not pass for what was written: as a wrong byte it costs its row.
            self._pending = text.encode("utf-8", "surrogatepass").replace(b"\xef\xbf\xbd", b"\xff")
        count = min(len(view), len(self._pending))
        view[:count] = self._pending[:count]
        self._pending = self._pending[count:]
        return count
