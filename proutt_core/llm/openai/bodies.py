"""The bytes of an answer: the JSON in them, a stream put together, or a text that tells who answered instead."""

import codecs
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from proutt_core.llm.openai.retry import Passing, UnusableReply
from proutt_core.llm.openai.streams import events, has_ended, is_stream, merged, without_comments

_BLANKS = " \t\r\n\ufeff\x00"
_SPACE = re.compile(r"[ \t\r\n]*")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9_.:-]{1,40})")
# Raw control characters inside texts are not JSON to the letter, and yet what some servers write.
_DECODER = json.JSONDecoder(strict=False)
_MOST_VALUES = 100_000
_END = "[DONE]"


def value_of(content: bytes, *, content_type: str) -> Any:
    """What is not JSON is handed on as text. Raises Passing where half of it came, UnusableReply for what no server
    sends that means well."""
    text = as_text(content, content_type).strip(_BLANKS)
    try:
        if not is_stream(text):
            return _value(text)
        rest = without_comments(text).strip(_BLANKS)
        return _of_stream(text) if is_stream(rest) else _value(rest)
    except RecursionError as exc:
        raise UnusableReply("its JSON is nested too deep to be read") from exc
    except ValueError as exc:
        raise UnusableReply("it holds a number of thousands of digits") from exc


def as_text(content: bytes, content_type: str) -> str:
    """Bytes that are no text of their encoding become replacement characters: a token may end within a character."""
    if content.startswith((codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE)) or 0 in content[:4].strip(b"\x00"):
        return content.decode(json.detect_encoding(content), "replace")
    try:
        return content.decode()
    except UnicodeDecodeError:
        named = _CHARSET.search(content_type)
    try:
        return content.decode(named[1] if named else "utf-8", "replace")
    except (LookupError, UnicodeError):  # no encoding of texts has this name
        return content.decode("utf-8", "replace")


def _value(text: str) -> Any:
    """Of several objects one after the other, as servers send that stream without saying so, one is made."""
    try:
        value, end = _DECODER.raw_decode(text)
    except json.JSONDecodeError as exc:
        if text.startswith(("{", "[")):
            raise Passing(f"the answer's body is not whole JSON ({exc.msg} at character {exc.pos})") from exc
        return text
    more = list(_values(text, end)) if isinstance(value, Mapping) else []
    if not more:
        return value
    completion = merged([value, *more])
    if not has_ended(completion):
        raise Passing(_BROKE_OFF)
    return completion


def _values(text: str, position: int) -> Iterator[Any]:
    """What follows, up to what is no JSON."""
    for _ in range(_MOST_VALUES):
        space = _SPACE.match(text, position)
        try:
            value, position = _DECODER.raw_decode(text, position if space is None else space.end())
        except json.JSONDecodeError:
            return
        yield value


_BROKE_OFF = "the server streamed its answer, although it was asked not to, and broke off before the end"


def _of_stream(text: str) -> Any:
    chunks: list[Any] = []
    is_whole = False
    for data in events(text):
        is_whole = is_whole or data.strip() == _END
        if not is_whole:
            chunks.append(_chunk(data))
    if not chunks:
        return text
    completion = merged(chunks)
    if not is_whole and not has_ended(completion):
        raise Passing(_BROKE_OFF)
    return completion


def _chunk(data: str) -> Any:
    try:
        return _DECODER.decode(data)
    except json.JSONDecodeError:
        return {"error": data}
