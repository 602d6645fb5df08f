"""Finding a server's error in whatever it sent, with its own words: every maker wraps it in another way."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from proutt_core.llm.openai.words import of_page

_INSIDE = (
    *("error", "errors", "Error", "err", "base_resp", "Response", "fault", "exception", "detail", "details", "Fault"),
    *("last_error", "status_details"),
)
_MESSAGES = (
    *(
        "message",
        "msg",
        "error_msg",
        "errmsg",
        "errorMessage",
        "error_message",
        "err_msg",
        "status_msg",
        "statusMessage",
    ),
    *("Message", "Msg", "ErrorMessage", "faultstring", "error_description", "title", "reason", "description"),
)
_CODES = ("code", "error_code", "errcode", "errorCode", "err_code", "status_code", "statusCode", "Code", "ErrorCode")
_KINDS = ("type", "status", "__type")
_PARAMS = ("param", "parameter", "loc")
_SUCCESS = frozenset(
    ("", "0", "200", "20000", "ok", "success", "succeeded", "true", "none", "null", "completed", "stop")
)
_FAILED_FLAGS = ("success", "ok", "succeeded", "Success")
_DEEPEST = 4
_MOST_AT_ONCE = 5
_LONGEST = 4_000


@dataclass(frozen=True)
class ErrorTold:
    """What a server says is wrong: its message, the numbers and names that it has for it, and the field at fault."""

    message: str
    codes: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    param: str = ""


def error_told_in(body: object) -> ErrorTold | None:
    """The error in a body, or None where it tells of none. Success that is told in the same way is no error."""
    return _error(body, 0)


def plain_words(body: object) -> str:
    """A body that tells of an error in no way that is known, as text."""
    if isinstance(body, str):
        return of_page(body)
    try:
        return json.dumps(body, ensure_ascii=False)[:_LONGEST] if body else ""
    except RecursionError:
        return ""


def _error(node: object, depth: int) -> ErrorTold | None:
    if depth > _DEEPEST:
        return None
    if isinstance(node, str):
        return _error_in_text(node, depth)
    if isinstance(node, list):
        return _joined(_error(part, depth + 1) for part in node[:_MOST_AT_ONCE])
    if not isinstance(node, Mapping):
        return None
    node = _with_error_of_choice(node)
    codes, kinds = tuple(_named(node, _CODES)), tuple(_named(node, _KINDS))
    inner = _joined(_error(node[name], depth + 1) for name in _INSIDE if node.get(name))
    own = _own_message(node)
    if inner is None and own is None:
        return None
    if inner is None and depth == 0 and _tells_of_success(node, (*codes, *kinds)):
        return None
    error = _joined((None if own is None else ErrorTold(own), inner, _of_upstream(node, depth)))
    if error is None:
        return None
    param = next((_as_path(node[name]) for name in _PARAMS if node.get(name)), "")
    message = f"{param}: {error.message}" if "loc" in node and param else error.message
    return _joined((ErrorTold(message, codes, kinds, param), replace(error, message=message)))


def _with_error_of_choice(node: Mapping[str, Any]) -> Mapping[str, Any]:
    choices = node.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    return {**node, **first} if isinstance(first, Mapping) and first.get("error") else node


def _error_in_text(text: str, depth: int) -> ErrorTold | None:
    words = of_page(text[:_LONGEST]).strip()
    if words.startswith(("{", "[")):  # a gateway that hands on what another server said, as it came
        try:
            inner = _error(json.loads(text), depth + 1)
        except (ValueError, RecursionError):
            inner = None
        if inner is not None:
            return inner
    return ErrorTold(words) if words.lower() not in _SUCCESS else None


def _own_message(node: Mapping[str, Any]) -> str | None:
    messages = [node[name] for name in _MESSAGES if isinstance(node.get(name), str) and node[name].strip()]
    return messages[0][:_LONGEST] if messages and messages[0].strip().lower() not in _SUCCESS else None


def _named(node: Mapping[str, Any], names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        value = node.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).lower() not in _SUCCESS:
            yield str(value)[:100]


def _tells_of_success(node: Mapping[str, Any], names: tuple[str, ...]) -> bool:
    """A code that is one of success, such as 0, and nothing that speaks of failure."""
    if names or any(node.get(name) is False for name in _FAILED_FLAGS):
        return False
    return any(isinstance(node.get(name), str | int) and node[name] != "" for name in (*_CODES, *_KINDS))


def _of_upstream(node: Mapping[str, Any], depth: int) -> ErrorTold | None:
    """What the provider behind a gateway said (OpenRouter)."""
    metadata = node.get("metadata")
    return _error(metadata.get("raw"), depth + 1) if isinstance(metadata, Mapping) else None


def _joined(errors: Iterator[ErrorTold | None] | tuple[ErrorTold | None, ...]) -> ErrorTold | None:
    parts = [error for error in errors if error is not None]
    if not parts:
        return None
    return ErrorTold(
        message=": ".join(dict.fromkeys(error.message for error in parts))[:_LONGEST],
        codes=tuple(dict.fromkeys(code for error in parts for code in error.codes)),
        kinds=tuple(dict.fromkeys(kind for error in parts for kind in error.kinds)),
        param=next((error.param for error in parts if error.param), ""),
    )


def _as_path(value: object) -> str:
    """ "body.response_format.type" of a list, as FastAPI tells it."""
    parts = value if isinstance(value, list) else [value]
    return ".".join(str(part) for part in parts if isinstance(part, str | int))[:200]
