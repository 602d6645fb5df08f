"""A stream, although none was asked for: some servers send nothing else. Its pieces become one completion."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from proutt_core.llm.openai.said import joined, pieces, thoughts_beside

_LINE = re.compile(r"(?:data|event|id|retry)\s*:|:")
_LINE_END = re.compile(r"\r\n|\n|\r")
_FINISH = ("finish_reason", "done_reason")


def is_stream(text: str) -> bool:
    """Whether it begins as server-sent events do."""
    return _LINE.match(text) is not None


def without_comments(text: str) -> str:
    """Comments keep the connection alive, also before an answer in one piece."""
    return "\n".join(line for line in _LINE_END.split(text) if not line.startswith(":"))


def events(text: str) -> Iterator[str]:
    """The data of each event."""
    data: list[str] = []
    for line in [*_LINE_END.split(text), ""]:
        name, _, value = line.partition(":")
        if name == "data":
            data.append(value.removeprefix(" "))
        elif not line.strip() and data:
            yield from _events_in(data)
            data = []


def merged(chunks: list[Any]) -> Any:
    """One completion from its pieces; the error, where one of them is one."""
    readable = [chunk for chunk in chunks if isinstance(chunk, Mapping)]
    failed = next((chunk for chunk in readable if chunk.get("error")), None)
    if failed is not None or not readable:
        return failed
    choices = [_choice(chunk) for chunk in readable]
    if not any(choices):
        return readable[-1]
    whole: dict[str, Any] = {}
    for chunk in readable:
        whole.update({name: value for name, value in chunk.items() if value is not None and name != "message"})
    endings = [_ending(part) for pair in zip(choices, readable, strict=True) for part in pair]
    finish = next((ending for ending in reversed(endings) if ending), None)
    return whole | {"choices": [{"message": _message(choices), "finish_reason": finish}]}


def has_ended(completion: Any) -> bool:
    """Whether a merged stream came to its end, or is none."""
    choices = completion.get("choices") if isinstance(completion, Mapping) else None
    first = choices[0] if isinstance(choices, list) and choices else None
    return bool(first.get("finish_reason")) if isinstance(first, Mapping) else True


def _events_in(data: list[str]) -> list[str]:
    """Several lines of data are one event; servers that forget the blank line between events send JSON in each."""
    if len(data) > 1 and all(part.lstrip().startswith(("{", "[DONE]")) for part in data):
        return data
    return ["\n".join(data)]


def _choice(chunk: Mapping[str, Any]) -> Mapping[str, Any]:
    choices = chunk.get("choices")
    if isinstance(choices, list):
        first = choices[0] if choices else None
        return first if isinstance(first, Mapping) and first.get("index") in (0, None) else {}
    return {"delta": chunk["message"]} if isinstance(chunk.get("message"), Mapping) else {}


def _message(choices: list[Mapping[str, Any]]) -> dict[str, str]:
    texts: list[str] = []
    thoughts: list[str] = []
    refusals: list[str] = []
    for choice in choices:
        is_so_far = isinstance(choice.get("message"), Mapping)
        part = choice["message"] if is_so_far else choice.get("delta", {"content": choice.get("text")})
        if not isinstance(part, Mapping):
            continue
        contents = list(pieces(part.get("content")))
        if is_so_far and contents:  # the whole of it up to here
            texts.clear()
            thoughts.clear()
        texts.append(joined(contents, "text"))
        thoughts.append(thoughts_beside(part) or joined(contents, "thoughts"))
        refusals.append(joined(pieces(part.get("refusal")), "text"))
    return {"content": "".join(texts), "reasoning_content": "".join(thoughts), "refusal": "".join(refusals)}


def _ending(part: Mapping[str, Any]) -> str | None:
    for name in _FINISH:
        if isinstance(part.get(name), str) and part[name]:
            return str(part[name])
    return "stop" if part.get("done") is True else None
