"""JSON: a list of objects, one object a line or after the other, one wrapped in an object, or a table by columns."""

import json
from collections.abc import Mapping
from typing import Any

from proutt_core.errors import InputError
from proutt_core.row_files.rows import Rows, rows_of_objects, text_of

DEEPEST = "nested too deeply to be read"
# What the rows are called in an object that holds more than them.
KEY = "key"
_WRAPPERS = ("data", "rows", "records", "items", "labels", "results", "tasks")


def json_rows(text: str, name: str) -> Rows:
    """InputError, with the line, where it is no JSON, and with the record where one is no object."""
    try:
        value = json.loads(text)
    except RecursionError as exc:
        raise InputError(f"{name}: {DEEPEST}") from exc
    except ValueError as exc:  # also a number too long to be read
        return rows_of_objects(_one_after_another(text) or _lines(text, name, whole=exc))
    return rows_of_objects(_records(value, name))


def _one_after_another(text: str) -> list[tuple[str, Mapping[str, Any]]]:
    """Objects over as many lines as they like, as printed for people; none where the first is one line's."""
    decoder, at = json.JSONDecoder(), 0
    records: list[tuple[str, Mapping[str, Any]]] = []
    while at < len(text):
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            return []
        if not isinstance(value, Mapping) or (not records and "\n" not in text[at:end]):
            return []
        records.append((f"record {len(records) + 1}", value))
        at = end + len(text[end:]) - len(text[end:].lstrip())
    return records


def _lines(text: str, name: str, *, whole: ValueError) -> list[tuple[str, Mapping[str, Any]]]:
    """Of one object a line. Where already the first is none, it tells what is wrong with the file as a whole."""
    records = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            records.append((f"line {number}", _object(json.loads(line), f"{name}, line {number}")))
        except RecursionError as exc:
            raise InputError(f"{name}, line {number}: {DEEPEST}") from exc
        except ValueError as exc:
            if not records and isinstance(whole, json.JSONDecodeError):
                at, why = whole.lineno, whole.msg
            else:
                at, why = number, getattr(exc, "msg", "a number is too long")
            raise InputError(
                f"{name}, line {at}: not valid JSON ({why}); expected a list of objects, or one object a line"
            ) from exc
    return records


def _records(value: Any, name: str) -> list[tuple[str, Mapping[str, Any]]]:
    records = _rows_in(value) if isinstance(value, Mapping) else value
    if isinstance(records, list) and records and all(isinstance(record, list) for record in records):
        return _of_lists(records, name)
    if not isinstance(records, list):
        raise InputError(f"{name} holds one JSON value that is no list of objects; expected rows of named values")
    return [(f"record {n}", _object(record, f"{name}, record {n}")) for n, record in enumerate(records, start=1)]


def _of_lists(records: list[list[Any]], name: str) -> list[tuple[str, Mapping[str, Any]]]:
    """A table: the first list names the columns."""
    names, *rows = records
    wrong = next((n for n, row in enumerate(rows, start=2) if len(row) != len(names)), None)
    if wrong is not None:
        raise InputError(
            f"{name}, record {wrong}: {len(rows[wrong - 2])} values where the first list names {len(names)}"
        )
    texts = [text_of(column) for column in names]
    return [(f"record {n}", dict(zip(texts, row, strict=True))) for n, row in enumerate(rows, start=2)]


def _rows_in(value: Mapping[str, Any]) -> list[Any]:
    """Of one object: a table by columns or by rows (as pandas writes it), objects by their key, the list of rows in it,
    or the only row."""
    members = list(value.values())
    if len(value) > 1 and all(isinstance(member, Mapping) for member in members):
        return _of_objects(value)
    lengths = {len(member) if isinstance(member, list) else -1 for member in members}
    if len(value) > 1 and len(lengths) == 1 and -1 not in lengths:
        return [dict(zip(value, row, strict=True)) for row in zip(*members, strict=True)]
    lists = {name: inner for name, inner in value.items() if _is_list_of_objects(inner)}
    if len(value) == len(lists) == 1:
        return list(*lists.values())
    return next((lists[name] for name in _WRAPPERS if name in lists), [value])


def _of_objects(value: Mapping[str, Mapping[str, Any]]) -> list[Any]:
    """Columns, whose members are numbered; or rows, each under its number or its name, which is then its `key`."""
    inner = {key for member in value.values() for key in member}
    if inner and all(key.isdecimal() for key in inner) and not all(key.isdecimal() for key in value):
        return [{name: column.get(key) for name, column in value.items()} for key in sorted(inner, key=int)]
    return [{KEY: key, **member} for key, member in value.items()]


def _is_list_of_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(record, Mapping) for record in value)


def _object(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InputError(f"{where}: not an object with names and values; expected one object a row")
    return value
