"""What a reply must be, and the JSON schema that says so as servers take it.

Servers that constrain decoding differ in what they refuse. The common ground, which `ReplyType.json_schema` is made of
or insists on: closed objects with every field required, arrays with bounds and one item type, no `$ref`, no
`prefixItems` (tuples), no `oneOf`. How a text is bounded they do not agree on, so a schema is sent in a `Dialect`:

- lengths: minLength and maxLength, of at most 1,000. llama.cpp writes a pattern's class between the quotes as it is, so
  that raw quotes and line ends come out, and refuses long repetitions; xgrammar compiles a pattern in quadratic time.
- patterns: for OpenAI's strict mode, which refuses minLength and maxLength. No class lets a quote or a line end in.
- plain: no bound on a text at all, for a server that refused the others.
- words: for a prompt that describes the schema; lengths, and nothing that a reader needs not.

Grammars hold no figure to its bounds either: between 0 and 1, all but `patterns` and `words` list the hundredths.

`json_schema` itself is in none of them: with its patterns of full length it is what a call's key is made of, so that a
stored reply answers however it was asked for.

A pydantic class and its schema take milliseconds to make, so both are made once. What differs from item to item, such
as the topics that a path may start from, is no part of the class: `OneOf` marks the field, `ReplyType` holds its
choices.
"""

import functools
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo, ValidatorFunctionWrapHandler
from pydantic_core import CoreSchema, PydanticKnownError, core_schema

from proutt_core.types.json_text import as_json, as_sorted_json

T_co = TypeVar("T_co", bound=BaseModel, covariant=True)

_NOISE = {"title", "default", "description", "examples"}
_REFUSED = {"prefixItems", "oneOf", "discriminator", "patternProperties", "propertyNames"}
# What a bounded string may hold when its type says nothing: anything but control characters other than tab and
# line ends.
_ANY_TEXT = r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
# What a model may write between two quotes as it is.
_QUOTED_TEXT = r'[^"\\\x00-\x1f\x7f]'
_ONE_OF = "x-one-of"
_REPETITION = re.compile(r"\^\[.*\]\{(\d+),(\d*)\}\$")

Dialect = Literal["lengths", "patterns", "plain", "words"]
_HUNDREDTHS = (0, *(number / 100 for number in range(1, 100)), 1)
# The longest text that a dialect names; the reply's own type may allow more, and is what an answer is held against.
LONGEST_LENGTH, LONGEST_PATTERN = 1000, 500
# New tokens for a reply. A text's bound is leeway and not its length: its share grows with the root of it.
FEWEST_TOKENS, MOST_TOKENS = 256, 2560
_TOKENS_OF_A_NAME, _TOKENS_OF_A_FIGURE, _LEEWAY = 4, 8, 5.0


@dataclass(frozen=True)
class OneOf:
    """Marks a text field whose choices are the item's own: the reply type's condition of this name, None for any text
    that the field's own type takes."""

    name: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_wrap_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return handler(schema) | {_ONE_OF: self.name}

    def _check(self, value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        choices = condition(info, self.name)
        if choices is None:
            return handler(value)
        if value not in choices:
            # What pydantic says of a Literal: the words go to the model, and are part of the repair's key.
            *first, last = map(repr, choices)
            expected = f"{', '.join(first)} or {last}" if first else last
            raise PydanticKnownError("literal_error", {"expected": expected})
        return value


@dataclass(frozen=True)
class ReplyType(Generic[T_co]):
    """A pydantic class, and what the item at hand allows in it: the choices of fields marked with `OneOf`, by name, and
    what else its validators ask `condition` for."""

    shape: type[T_co]
    conditions: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.shape.__name__

    @functools.cached_property
    def json_text(self) -> str:
        """The schema, with properties in their order. Raises TypeError for a class that strict servers refuse."""
        return _template(self.shape, as_json).filled(self.conditions)

    def written_in(self, dialect: Dialect) -> str:
        """The schema to send, with properties in their order, for a model writes its answer in it."""
        return _template(self.shape, as_json, dialect).filled(self.conditions)

    @property
    def most_tokens(self) -> int:
        """How many new tokens a good reply needs at most, thoughts not counted."""
        return _most_tokens(self.shape)

    @functools.cached_property
    def sorted_json_text(self) -> str:
        """The schema as a part of a call's key."""
        return _template(self.shape, as_sorted_json).filled(self.conditions)

    @property
    def json_schema(self) -> dict[str, Any]:
        """The schema, to be looked into."""
        schema: dict[str, Any] = json.loads(self.json_text)
        return schema


def condition(info: ValidationInfo, name: str) -> Any:
    """A condition of the reply type, for the validators of its class."""
    conditions: Any = info.context
    return conditions[name]


@dataclass(frozen=True)
class _Template:
    """The schema of a class as text, cut where the choices of an item belong: `texts` around `fields`.

    A field is the name of its condition, and what stands there where that allows any text.
    """

    texts: tuple[str, ...]
    fields: tuple[tuple[str, str], ...]

    def filled(self, conditions: Mapping[str, Any]) -> str:
        parts = [self.texts[0]]
        for (name, any_text), text in zip(self.fields, self.texts[1:], strict=True):
            choices = conditions[name]
            parts += [any_text if choices is None else f'{{"enum":{as_json(list(choices))},"type":"string"}}', text]
        return "".join(parts)


@functools.cache
def _template(shape: type[BaseModel], write: Callable[[Any], str], dialect: Dialect | None = None) -> _Template:
    marked: list[dict[str, Any]] = []

    def with_cuts(node: Any) -> Any:
        if isinstance(node, list):
            return [with_cuts(part) for part in node]
        if not isinstance(node, dict):
            return node
        if _ONE_OF in node:
            marked.append(node)
            return f"\0{len(marked) - 1}"
        return {key: with_cuts(part) for key, part in node.items()}

    whole = _of_class(shape)
    texts = re.split(r'"\\u0000(\d+)"', write(with_cuts(whole if dialect is None else _in_dialect(whole, dialect))))
    cut = [marked[int(number)] for number in texts[1::2]]
    fields = ((node[_ONE_OF], write({k: v for k, v in node.items() if k != _ONE_OF})) for node in cut)
    return _Template(texts=tuple(texts[::2]), fields=tuple(fields))


@functools.cache
def _of_class(shape: type[BaseModel]) -> Any:
    raw = shape.model_json_schema()
    return _plain(raw, raw.get("$defs", {}), shape.__name__)


def _plain(node: Any, defs: dict[str, Any], where: str) -> Any:
    if isinstance(node, list):
        return [_plain(item, defs, where) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _plain(defs[node["$ref"].rsplit("/", 1)[1]], defs, where)
    refused = _REFUSED & node.keys()
    if refused:
        raise TypeError(f"{where}: strict servers refuse {', '.join(sorted(refused))} in a schema")
    kept = {key: value for key, value in node.items() if key not in _NOISE and key not in ("$defs", "properties")}
    result = {key: _plain(value, defs, where) for key, value in kept.items()}
    if "const" in result:
        result["enum"] = [result.pop("const")]
    if result.get("type") == "object":
        result |= _closed(node, defs, where)
    if result.get("type") == "string" and "enum" not in result:
        result = _bounded(result)
    if result.get("type") == "array" and "maxItems" not in result:
        raise TypeError(f"{where}: an array without an upper bound")
    return result


def _closed(node: dict[str, Any], defs: dict[str, Any], where: str) -> dict[str, Any]:
    if "properties" not in node or node.get("additionalProperties", False) is not False:
        raise TypeError(f"{where}: an object with open keys; use a list of {{name, value}} objects")
    properties = {name: _plain(value, defs, f"{where}.{name}") for name, value in node["properties"].items()}
    return {"properties": properties, "required": list(properties), "additionalProperties": False}


def _bounded(node: dict[str, Any]) -> dict[str, Any]:
    """Expresses minLength and maxLength as a repetition of the pattern's one character class."""
    low, high = node.pop("minLength", 0), node.pop("maxLength", None)
    pattern = node.get("pattern", f"^{_ANY_TEXT}*$")
    one_class = re.fullmatch(r"\^(\[.*\])[*+]\$", pattern)
    if one_class is None:
        return node | ({"minLength": low} if low else {}) | ({} if high is None else {"maxLength": high})
    return node | {"pattern": f"^{one_class[1]}{{{low},{'' if high is None else high}}}$"}


def _in_dialect(node: Any, dialect: Dialect) -> Any:
    if isinstance(node, list):
        return [_in_dialect(part, dialect) for part in node]
    if not isinstance(node, dict):
        return node
    if node.get("type") == "number" and dialect in ("lengths", "plain"):
        return _listed(node)
    if node.get("type") != "string" or "enum" in node:
        return {key: _in_dialect(part, dialect) for key, part in node.items()}
    low, high = _bounds(node)
    kept = {key: value for key, value in node.items() if key not in ("pattern", "minLength", "maxLength")}
    if dialect == "plain":
        return kept
    if dialect in ("lengths", "words"):
        lowest = {"minLength": low} if low else {}
        return kept | lowest | {"maxLength": min(high or LONGEST_LENGTH, LONGEST_LENGTH)}
    return kept | {"pattern": f"^{_QUOTED_TEXT}{{{low},{min(high or LONGEST_PATTERN, LONGEST_PATTERN)}}}$"}


def _listed(figure: dict[str, Any]) -> dict[str, Any]:
    if (figure.get("minimum"), figure.get("maximum")) != (0, 1):
        return figure
    return {"type": "number", "enum": list(_HUNDREDTHS)}


def _bounds(text: Mapping[str, Any]) -> tuple[int, int | None]:
    """The fewest and the most characters of a text; None where there is no most."""
    repetition = _REPETITION.fullmatch(text.get("pattern", ""))
    if repetition is None:
        return text.get("minLength", 0), text.get("maxLength")
    return int(repetition[1]), int(repetition[2]) if repetition[2] else None


@functools.cache
def _most_tokens(shape: type[BaseModel]) -> int:
    return min(MOST_TOKENS, max(FEWEST_TOKENS, math.ceil(_tokens(_of_class(shape)))))


def _tokens(node: Mapping[str, Any]) -> float:
    if "anyOf" in node:
        return max(_tokens(option) for option in node["anyOf"])
    if node.get("type") == "object":
        return sum(_TOKENS_OF_A_NAME + _tokens(part) for part in node["properties"].values())
    if node.get("type") == "array":
        return float(node["maxItems"] * _tokens(node["items"]))
    if node.get("type") != "string" or "enum" in node:
        return _TOKENS_OF_A_FIGURE
    return _LEEWAY * math.sqrt(_bounds(node)[1] or LONGEST_LENGTH)
