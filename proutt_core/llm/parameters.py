"""Request parameters that a person gives: `temperature=0.7`, `chat_template_kwargs.enable_thinking=false`.

A path with dots nests; the value is JSON, and a bare word is a text (`reasoning_effort=low`). They are sent along with
every call of a run as they are, stored with its settings and part of a call's key, so what the client sets itself, what
would change the form of an answer, and what is a secret are refused.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from proutt_core.errors import InputError
from proutt_core.types.json_text import is_whole

_EXAMPLE = "it looks like temperature=0.7 or chat_template_kwargs.enable_thinking=false"
_BARE_WORD = re.compile(r"[A-Za-z][\w./:+-]*")
_NAME = re.compile(r"[A-Za-z_][\w-]*", re.ASCII)
_NOT_JSON = {"true": "true", "false": "false", "none": "null", "nan": "a number", "infinity": "a number"}
_LONGEST = 2000

_OURS = "the client sets it itself"
_FORM = "the form of the answer is not to be changed"
_SECRET = "a key is read from the environment only and never stored"
RESERVED: Mapping[str, str] = {
    **dict.fromkeys(("model", "models", "messages", "prompt", "input", "stream", "stream_options", "n"), _OURS),
    **dict.fromkeys(("response_format", "guided_json", "guided_regex", "guided_choice", "guided_grammar"), _OURS),
    **dict.fromkeys(("structured_outputs", "json_schema", "grammar", "format", "best_of", "echo"), _OURS),
    **dict.fromkeys(("tools", "tool_choice", "functions", "function_call", "modalities", "logprobs"), _FORM),
    **dict.fromkeys(("api_key", "apikey", "key", "authorization", "headers", "extra_headers", "token"), _SECRET),
    "extra_body": "name what is inside it, without extra_body",
}
# What bounds new tokens, under the names that servers know.
BOUNDS = ("max_tokens", "max_completion_tokens", "n_predict", "max_new_tokens")


def read_parameters(written: Iterable[str]) -> dict[str, Any]:
    """Each `PATH=VALUE`. Raises InputError that says what is wrong with which."""
    parameters: dict[str, Any] = {}
    for text in written:
        path, value = _read(text)
        _put(parameters, path, value, text)
    return parameters


def lines_of(text: str) -> list[str]:
    """What somebody typed into a form, a parameter a line."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def written(parameters: Mapping[str, Any]) -> list[str]:
    """As `read_parameters` takes them, for screens."""
    lines: list[str] = []
    for name, value in parameters.items():
        if isinstance(value, Mapping) and value:
            lines += [f"{name}.{line}" for line in written(value)]
        else:
            lines.append(f"{name}={json.dumps(value, ensure_ascii=False)}")
    return lines


def merged(defaults: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """`own` over `defaults`, member by member where both are objects."""
    both = {name: _over(defaults[name], value) if name in defaults else value for name, value in own.items()}
    return {**defaults, **both}


def require_free(parameters: Mapping[str, Any]) -> None:
    """Raises InputError where a parameter bears a reserved name."""
    for name in parameters:
        if name.casefold() in RESERVED:
            raise InputError(f"the parameter {name} cannot be given: {RESERVED[name.casefold()]}")


def _over(default: Any, own: Any) -> Any:
    return merged(default, own) if isinstance(default, Mapping) and isinstance(own, Mapping) else own


def _read(text: str) -> tuple[list[str], Any]:
    path, equals, value = text.partition("=")
    names = [name.strip() for name in path.split(".")]
    if len(text) > _LONGEST or not text.isprintable():
        _refuse(text, f"is longer than {_LONGEST} characters or holds control characters")
    if not equals:
        _refuse(text, f"has no =; {_EXAMPLE}")
    if not all(map(_NAME.fullmatch, names)):
        _refuse(
            text, f"has no name before the =, or one with other characters than letters, digits, _ and -; {_EXAMPLE}"
        )
    require_free({names[0]: None})  # before anything of the value is shown: it may be a secret
    return names, _value(value.strip(), text)


def _value(written_value: str, text: str) -> Any:
    if not written_value:
        _refuse(text, "has no value after the =")
    if written_value.casefold() in _NOT_JSON and written_value not in ("true", "false"):
        _refuse(text, f"has a value that is no JSON: write {_NOT_JSON[written_value.casefold()]}")
    if _BARE_WORD.fullmatch(written_value) and written_value not in ("true", "false", "null"):
        return written_value
    try:
        value = json.loads(written_value, parse_constant=_no_number, parse_float=_finite, parse_int=_not_too_long)
        _require_storable(value)
        return value
    except (ValueError, RecursionError):
        _refuse(text, 'has a value that is no JSON: a number, true, false, null, "text", [list] or {object}')


def _no_number(constant: str) -> NoReturn:
    raise ValueError(constant)


def _finite(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise ValueError(digits)
    return number


def _not_too_long(digits: str) -> int:
    number = int(digits)
    if abs(number) >= 2**63:
        raise ValueError(digits)
    return number


def _require_storable(value: Any) -> None:
    """An escape may hide what no database takes: half a character, or NUL."""
    text = json.dumps(value, ensure_ascii=False)
    if not is_whole(text) or "\\u0000" in text:
        raise ValueError("no text")


def _put(parameters: dict[str, Any], path: list[str], value: Any, text: str) -> None:
    *parents, last = path
    for name in parents:
        parameters = parameters.setdefault(name, {})
        if not isinstance(parameters, dict):
            _refuse(text, f"nests something under {name}, which another parameter sets to a value")
    if last in parameters:
        _refuse(text, "sets what another parameter sets already")
    parameters[last] = value


def _refuse(text: str, why: str) -> NoReturn:
    shown = "".join(c if c.isprintable() else "�" for c in text[:80]) + ("…" if len(text) > 80 else "")
    raise InputError(f'the parameter "{shown}" {why}')
