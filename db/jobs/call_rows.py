"""A `Call` as rows, and back.

Each of its fields, and of its answer's, has the column of its name: in llm_call or, where it says how the call served
an item, in item_call. A new field needs its column, with a migration, and nothing here: without one this module cannot
be imported.
"""

import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from operator import attrgetter
from typing import Any, TypeVar

from db.columns import now
from db.tables import ItemCall, LlmCall
from proutt_core.types import Message
from proutt_core.types.calls import Call, Completion
from proutt_core.types.json_text import array_json, as_json, is_whole, object_json, text_json

T = TypeVar("T")

COMPRESSION = 3  # of what was asked; more costs time and saves little on texts of a few kB
# Columns that do not bear their field's name.
OTHER_NAMES = {"answer.text": "reply", "answer.model": "answered_by"}
# Compressed together in one column, `request`: what was asked, and how the answer ended.
PACKED = ("messages", "schema_name", "schema", "version", "draw", "finish_reason", "without_schema")


def _paths(kind: type[Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Names of columns, each with where a call holds its value: ("prompt_tokens", "answer.usage.prompt_tokens")."""
    for field in fields(kind):
        if is_dataclass(field.type):
            yield from _paths(field.type, f"{path}{field.name}.")  # type: ignore[arg-type]  # it is a class
        else:
            yield OTHER_NAMES.get(path + field.name, field.name), path + field.name


CALLS = LlmCall.__table__  # type: ignore[attr-defined]
LINKS = ItemCall.__table__  # type: ignore[attr-defined]
PATHS = dict(_paths(Call))
_COLUMNS = {path: column for column, path in PATHS.items()}
_VALUES = attrgetter(*PATHS.values())
_OF_CALLS = [name for name in PATHS if name in CALLS.c]
_OF_LINKS = [name for name in PATHS if name in LINKS.c]
_LINK_VALUES = attrgetter(*(PATHS[name] for name in _OF_LINKS))

ANSWER_COLUMNS = [CALLS.c[name] for name in _OF_CALLS if PATHS[name].startswith("answer.")]
SERVED_COLUMNS = [
    CALLS.c.request,
    *(CALLS.c[name] for name in _OF_CALLS),
    *(LINKS.c[name] for name in PATHS if name not in CALLS.c and name not in PACKED),
]


def call_row(call: Call) -> dict[str, Any]:
    """The call's row in llm_call."""
    values = dict(zip(PATHS, _VALUES(call), strict=True))
    row = {name: storable(value) if isinstance(value := values[name], str) else value for name in _OF_CALLS}
    request = _packed({name: values[name] for name in PACKED})
    return row | {"valid": call.valid, "superseded": False, "request": request, "created_at": now()}


def link_row(call: Call) -> dict[str, Any]:
    """What item_call holds of the call, beside which call and whose item it is."""
    return dict(zip(_OF_LINKS, _LINK_VALUES(call), strict=True))


def served_call(row: Any) -> Call:
    """The call in a row of `SERVED_COLUMNS`."""
    return _value(Call, row._asdict() | _unpacked(row.request))


def stored_answer(row: Any) -> Completion:
    """The answer in a row that has the `ANSWER_COLUMNS`; how it ended is not among them."""
    return _value(Completion, row._asdict(), "answer.")


def _value(kind: type[T], columns: Mapping[str, Any], path: str = "") -> T:
    """`_paths` the other way round. A field whose column is not there has its default."""
    parts: dict[str, Any] = {}
    for field in fields(kind):  # type: ignore[arg-type]  # it is a dataclass
        where = path + field.name
        if is_dataclass(field.type):
            parts[field.name] = _value(field.type, columns, f"{where}.")  # type: ignore[arg-type]
        elif _COLUMNS[where] in columns:
            parts[field.name] = columns[_COLUMNS[where]]
    return kind(**parts)


def _packed(request: dict[str, Any]) -> bytes:
    """What the messages say was written for the call's key already."""
    messages = array_json(f'["{message.role}",{_exact_json(message.content)}]' for message in request["messages"])
    written = {"messages": messages, "schema": request["schema"] or "null"}
    text = object_json(written | {name: as_json(request[name]) for name in PACKED if name not in written})
    return zlib.compress(text.encode("utf-8", "surrogatepass"), COMPRESSION)


def _exact_json(text: str) -> str:
    """Two lone surrogates in a row would be read back as one character if they were escapes."""
    return text_json(text) if is_whole(text) else json.dumps(text, ensure_ascii=False)


def _unpacked(request: bytes) -> dict[str, Any]:
    contents: dict[str, Any] = json.loads(zlib.decompress(request).decode("utf-8", "surrogatepass"))
    messages = tuple(Message(role=role, content=content) for role, content in contents["messages"])
    schema = contents["schema"]
    return contents | {"messages": messages, "schema": None if schema is None else as_json(schema)}


def storable(text: str) -> str:
    """NUL and lone surrogates, which a garbage reply may hold and databases refuse, as replacement characters."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
