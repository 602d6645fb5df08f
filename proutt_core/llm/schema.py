"""The JSON schema of a reply as strict servers take it.

Servers that constrain decoding differ in what they refuse. The common ground, which `reply_schema` produces or insists
on: closed objects with every field required, arrays with bounds and one item type, no `$ref`, no `prefixItems`
(tuples), no `oneOf`, and string bounds said by `pattern` (OpenAI's strict mode refuses minLength and maxLength).

Most reply types are made anew for each dialogue, because their enums are its topics. So pydantic's generator, which
takes milliseconds, is asked for the fields that all have in common, once; models, enums and lists are put together
here.
"""

import functools
import re
from typing import Annotated, Any, Literal, TypeGuard, get_args, get_origin

from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

_NOISE = {"title", "default", "description", "examples"}
_REFUSED = {"prefixItems", "oneOf", "discriminator", "patternProperties", "propertyNames"}
# What a bounded string may hold when its type says nothing: anything but control characters other than tab and
# line ends.
_ANY_TEXT = r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"


@functools.lru_cache(maxsize=512)
def reply_schema(reply: type[BaseModel]) -> dict[str, Any]:
    """The schema to send for `reply`. Raises TypeError for a reply type that strict servers refuse.

    The result is shared between callers: do not change it.
    """
    return _of_model(reply, reply.__name__)


def _of_model(model: type[BaseModel], where: str) -> dict[str, Any]:
    if model.model_config.get("extra") == "allow":
        raise TypeError(f"{where}: an object with open keys; use a list of {{name, value}} objects")
    properties = {name: _of_field(field, f"{where}.{name}") for name, field in model.model_fields.items()}
    return {"additionalProperties": False, "required": list(properties), "type": "object", "properties": properties}


def _of_field(field: FieldInfo, where: str) -> dict[str, Any]:
    kind: Any = field.annotation
    metadata = tuple(field.metadata)
    if _is_model(kind) and not metadata:
        return _of_model(kind, where)
    if get_origin(kind) is Literal and not metadata and all(isinstance(value, str) for value in get_args(kind)):
        return {"enum": list(get_args(kind)), "type": "string"}
    if get_origin(kind) is list and _is_model(get_args(kind)[0]):
        return _of_common(list[Any], metadata, where) | {"items": _of_model(get_args(kind)[0], where)}
    return _of_common(kind, metadata, where)


def _is_model(kind: Any) -> TypeGuard[type[BaseModel]]:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


@functools.lru_cache(maxsize=512)
def _of_common(kind: Any, metadata: tuple[Any, ...], where: str) -> dict[str, Any]:
    annotated: Any = Annotated[kind, *metadata] if metadata else kind
    raw = TypeAdapter(annotated).json_schema()
    result = _plain(raw, raw.get("$defs", {}), where)
    assert isinstance(result, dict)
    return result


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
    """Says minLength and maxLength as a repetition of the pattern's one character class."""
    low, high = node.pop("minLength", 0), node.pop("maxLength", None)
    pattern = node.get("pattern", f"^{_ANY_TEXT}*$")
    one_class = re.fullmatch(r"\^(\[.*\])[*+]\$", pattern)
    if one_class is None:
        return node | ({"minLength": low} if low else {}) | ({} if high is None else {"maxLength": high})
    return node | {"pattern": f"^{one_class[1]}{{{low},{'' if high is None else high}}}$"}
