"""An intent tree as text: JSON, as we write it, and the Python repr of released files, which we read as well."""

import ast
import json
from json.encoder import encode_basestring as _string
from typing import Any

from pydantic import ValidationError

from proutt_core.errors import InputError
from proutt_core.text import unfenced
from proutt_core.traces.instruction import TREE
from proutt_core.types import Attribute, IntentTree, Topic


def tree_json(tree: IntentTree) -> str:
    """The tree as a nested JSON object. An attribute that a topic has twice stays twice, or text would lose a value."""
    return stored_tree_json(tree.model_dump())


def stored_tree_json(tree: dict[str, Any]) -> str:
    """The same for a tree as it is stored, its JSON as plain values."""
    topics = [
        f"{_string(topic['topic'])}: {{"
        + ", ".join([f"{_string(a['attribute'])}: {_string(a['value'])}" for a in topic["attributes"]])
        + "}"
        for topic in tree["topics"]
    ]
    return "{" + ", ".join(topics) + "}"


def parse_tree(text: str) -> IntentTree:
    """The tree of a trace's section, fenced or not. Raises InputError that says what is wrong with it."""
    body = unfenced(text.strip())
    try:
        pairs = json.loads(body, object_pairs_hook=tuple)
    except (ValueError, RecursionError):
        pairs = _python_pairs(body)
    # Objects came as tuples of pairs, arrays as lists: only the former are trees.
    if not isinstance(pairs, tuple) or not all(isinstance(attributes, tuple) for _, attributes in pairs):
        raise InputError(f"trace: {TREE} is not an object of topics, each an object of attributes")
    try:
        return IntentTree(
            topics=tuple(
                Topic(topic=topic, attributes=tuple(Attribute(attribute=a, value=v) for a, v in attributes))
                for topic, attributes in pairs
            )
        )
    except ValidationError as exc:
        raise InputError(f"trace: {TREE} {first_problem(exc)}") from exc


def first_problem(exc: ValidationError) -> str:
    error = exc.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in error['loc'])}: {error['msg']}"


def _python_pairs(body: str) -> object:
    """The tree of a released file: a Python dict's repr."""
    try:
        value = ast.literal_eval(body)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as exc:
        raise InputError(f"trace: {TREE} is neither JSON nor a Python dict") from exc
    if not isinstance(value, dict):
        return value
    return tuple((topic, tuple(a.items()) if isinstance(a, dict) else a) for topic, a in value.items())
