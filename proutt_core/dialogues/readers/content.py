"""What a message holds, as every maker writes it: text, parts, blocks, thoughts, tools, images.

Text is kept as it stands. A call of a tool becomes one line of JSON, `{"name": …, "arguments": …}`, as ShareGPT files
write it. Thoughts are left out. An image, a sound or a file is left out beside text, and stands as `[image]` where a
message holds nothing else, so that the replies before and after it stay apart. Each is noted.
"""

import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Literal, NamedTuple

from proutt_core.dialogues.files.rows import BAD_MESSAGE, BAD_TEXT, JsonObject, RowError, kind
from proutt_core.dialogues.readers.keys import decoded, first, folded, view
from proutt_core.dialogues.readers.source import SourceMessage, SourceRole

PARTS_JOINED = "text parts of a message joined"
PARTS_DROPPED = "message parts other than text dropped"
SHOWN = "messages without text shown as [image], [audio], [video] or [file]"
THOUGHTS = "hidden thoughts left out"

THOUGHT_TYPES = frozenset(
    ("thinking", "redactedthinking", "reasoning", "reasoningcontent", "thought", "thoughts", "think", "reasoningrecap")
)
CALL_TYPES = frozenset(
    (
        "tooluse",
        "toolcall",
        "functioncall",
        "servertooluse",
        "mcptooluse",
        "mcpcall",
        "customtoolcall",
        "toolinvocation",
    )
)
RESULT_TYPES = frozenset(
    (
        *(
            "toolresult",
            "functionresponse",
            "functioncalloutput",
            "toolresponse",
            "mcptoolresult",
            "customtoolcalloutput",
        ),
        *("websearchtoolresult", "codeexecutiontoolresult", "codeexecutionresult", "tooloutput"),
    )
)
_MEDIA: dict[str, tuple[str, ...]] = {
    "image": ("image", "picture", "photo", "screenshot", "png", "jpg", "jpeg", "gif", "webp"),
    "audio": ("audio", "voice", "sound", "speech", "mp3", "wav"),
    "video": ("video", "mp4"),
    "file": ("file", "document", "attachment", "pdf", "media", "inlinedata"),
}
_CALL_KEYS = ("functioncall", "toolcall", "toolinvocation", "executablecode")
_RESULT_KEYS = ("functionresponse", "codeexecutionresult")
_MEDIA_KEYS = (
    *("imageurl", "image", "images", "inputaudio", "audio", "audiourl", "video", "videourl", "file", "inlinedata"),
    *("filedata", "inlinefile", "driveimage", "drivevideo", "driveaudio", "drivedocument", "assetpointer", "imagefile"),
)
BESIDE_KEYS = (
    *("image", "images", "imageurl", "imageurls", "audio", "audios", "video", "videos", "file", "files", "filesv2"),
    *("attachment", "attachments", "media", "mediaurl", "mediaurls", "attachmentsurl", "picture", "photo", "document"),
)
_TEXT_KEYS = ("text", "value", "inputtext", "outputtext", "refusal", "transcript", "transcription")
_NESTED_KEYS = ("parts", "content", "contents")


class Piece(NamedTuple):
    """`other` is neither text nor something to see: citations, status lines."""

    kind: Literal["text", "call", "result", "thought", "media", "other"]
    text: str = ""


def pieces(value: Any, number: int) -> list[Piece]:
    """What the content of message `number` consists of. RowError for what is no content."""
    if isinstance(value, str):
        parts = _parts_as_text(value)
        return [Piece("text", value)] if parts is None else pieces(parts, number)
    if value is None:
        return []
    if isinstance(value, list):
        return [piece for part in value for piece in _part(part, number)]
    part = view(value) if isinstance(value, dict) else {}
    read = _object(part, number) if part else None
    if read is not None:
        return read
    if part.get("type") or part.get("contenttype"):  # a widget of an app, say
        return [Piece("other")]
    raise RowError(BAD_TEXT, f"message {number} holds {kind(value)}")


def _parts_as_text(text: str) -> list[JsonObject] | None:
    """A list of parts that a table keeps as text; a text that merely looks like a list stays text."""
    if not text.startswith(("[{", "[ {")) or ('"type"' not in text and "'type'" not in text):
        return None
    parts = decoded(text)
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        return None
    known = (
        {"text", "inputtext", "outputtext", "imageurl", "inputimage", "image"}
        | THOUGHT_TYPES
        | CALL_TYPES
        | RESULT_TYPES
    )
    return parts if all(folded(part.get("type")) in known for part in parts) else None


def _part(part: Any, number: int) -> list[Piece]:
    if isinstance(part, str):
        return [Piece("text", part)]
    if part is None:
        return []
    if not isinstance(part, dict):
        raise RowError(BAD_TEXT, f"message {number} has a part that is {kind(part)}")
    read = _object(view(part), number)
    return [Piece("other")] if read is None else read


def _object(part: JsonObject, number: int) -> list[Piece] | None:
    """None where the object is no content that is known. A key may stand with null: parquet fills them in."""
    kind_of_part = folded(part.get("type")) or folded(part.get("contenttype"))
    if kind_of_part in THOUGHT_TYPES or part.get("thought") is True or part.get("isthought") is True:
        return [Piece("thought")]
    call = first(part, _CALL_KEYS)
    if kind_of_part in CALL_TYPES or isinstance(call, dict):
        return call_pieces(view(call) if isinstance(call, dict) else part, number)
    result = first(part, _RESULT_KEYS)
    if kind_of_part in RESULT_TYPES or isinstance(result, dict):
        return [Piece("result", _result_text(view(result) if isinstance(result, dict) else part, number))]
    media = next((key for key in _MEDIA_KEYS if part.get(key)), "")
    label = media_label(kind_of_part) or media_label(media)
    if label and not isinstance(part.get("text"), str):
        return _media_pieces(part, media, label)
    for key in _TEXT_KEYS:
        value = part.get(key)
        if isinstance(value, str):
            return [Piece("text", value)]
        if isinstance(value, dict | list):
            return pieces(value, number)
        if value is not None:
            raise RowError(BAD_TEXT, f"message {number} holds {kind(value)}")
    nested = next((part[key] for key in _NESTED_KEYS if part.get(key) is not None), None)
    if nested is not None:
        return pieces(nested, number)
    return [] if kind_of_part == "text" else None


def media_label(name: str) -> str | None:
    return next((label for label, words in _MEDIA.items() if any(word in name for word in words)), None)


def _media_pieces(part: JsonObject, key: str, label: str) -> list[Piece]:
    inner = part.get(key)
    if isinstance(inner, dict):
        inner = view(inner)
        transcript = inner.get("transcript")
        if isinstance(transcript, str) and transcript:  # what was said aloud, in words
            return [Piece("text", transcript)]
        label = media_label(folded(str(inner.get("mimetype", ""))[:40])) or label
    return [Piece("media", label)]


def call_pieces(call: JsonObject, number: int) -> list[Piece]:
    """A call, and its output where it stands in the same object."""
    inner = decoded(first(call, ("function", "toolcall", "custom", "value")))
    output = first(call, ("output", "result"))
    function = view(inner) if isinstance(inner, dict) else call
    output = first(function, ("output", "result")) if output is None else output
    read = [Piece("call", call_line(function))]
    return read if output is None else [*read, Piece("result", _result_text({"output": output}, number))]


def call_line(function: JsonObject) -> str:
    """Folded keys in; what the model wrote as arguments is JSON, or stays as it is."""
    name = first(function, ("name", "toolname", "language"))
    arguments = first(function, ("arguments", "args", "input", "parameters", "code"))
    if isinstance(arguments, str):
        with suppress(ValueError, RecursionError):  # a model wrote it: anything may stand there, and it stays as it is
            arguments = json.loads(arguments)
    return json.dumps({"name": name, "arguments": arguments}, ensure_ascii=False, default=str)


def _result_text(result: JsonObject, number: int) -> str:
    value = first(result, ("content", "output", "response", "result", "text"))
    if value is None or isinstance(value, str):
        return value or ""
    try:
        texts = [piece.text for piece in pieces(value, number) if piece.kind == "text"]
    except RowError:
        texts = []
    return "\n".join(texts) if texts else json.dumps(value, ensure_ascii=False, default=str)


def tool_calls(message: JsonObject, number: int) -> list[Piece]:
    """The calls beside a message's content (folded keys)."""
    calls = decoded(message.get("toolcalls")) or []
    if not isinstance(calls, list) or not all(isinstance(call, dict) for call in calls):
        raise RowError(BAD_MESSAGE, f"message {number}: `tool_calls` is not a list of objects")
    function = decoded(message.get("functioncall"))
    if function and not isinstance(function, dict):
        raise RowError(BAD_MESSAGE, f"message {number}: a tool call is {kind(function)}")
    read = [piece for call in calls for piece in call_pieces(view(call), number)]
    return [*read, Piece("call", call_line(view(function)))] if function else read


def said(role: SourceRole, read: Sequence[Piece], notes: list[str]) -> list[SourceMessage]:
    """The pieces of one message as our messages: its text, and the calls and results between."""
    messages: list[SourceMessage] = []
    texts: list[str] = []
    media: dict[str, None] = {}
    for piece in read:
        if piece.kind == "text":
            texts.append(piece.text)
        elif piece.kind == "media":
            media[piece.text] = None
        elif piece.kind in ("thought", "other"):
            notes.append(THOUGHTS if piece.kind == "thought" else PARTS_DROPPED)
        else:
            _flush(role, texts, messages, notes)
            messages.append(SourceMessage("tool_call" if piece.kind == "call" else "tool_result", piece.text))
    _flush(role, texts, messages, notes)
    if media and any(message.text.strip() for message in messages):
        notes.append(PARTS_DROPPED)
    elif media:
        notes.append(SHOWN)
        return [SourceMessage(role, " ".join(f"[{label}]" for label in media))]
    left_out = any(piece.kind in ("thought", "other") for piece in read)
    return messages if messages or left_out else [SourceMessage(role, "")]


def _flush(role: SourceRole, texts: list[str], messages: list[SourceMessage], notes: list[str]) -> None:
    if len(texts) > 1:
        notes.append(PARTS_JOINED)
    text = "\n".join(texts)
    if text:
        messages.append(SourceMessage(role, text))
    texts.clear()
