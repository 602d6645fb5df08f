"""JSON: a list of objects, one object a line, one wrapped in an object, or a table by columns."""

import json
from collections.abc import Mapping
from typing import Any

from proutt_core.errors import InputError
from proutt_core.row_files.rows import Rows, rows_of_objects

DEEPEST = "nested too deeply to be read"
# What the rows are called in an object that holds more than them.
_WRAPPERS = ("data", "rows", "records", "items", "labels", "results", "tasks")


def json_rows(text: str, name: str) -> Rows:
    """InputError, with the line, where it is no JSON, and with the record where one is no object."""
    try:
        value = json.loads(text)
    except RecursionError as exc:
        raise InputError(f"{name}: {DEEPEST}") from exc
    except ValueError as exc:  # also a number too long to be read
        return rows_of_objects(_lines(text, name, whole=exc))
    return rows_of_objects(_records(value, name))


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
    if not isinstance(records, list):
        raise InputError(f"{name} holds one JSON value that is no list of objects; expected rows of named values")
    return [(f"record {n}", _object(record, f"{name}, record {n}")) for n, record in enumerate(records, start=1)]


def _rows_in(value: Mapping[str, Any]) -> list[Any]:
    """Of one object: a table by columns (as pandas writes it), the list of rows in it, or the only row."""
    columns = [column for column in value.values() if isinstance(column, Mapping)]
    if len(value) == len(columns) > 1 and all(column.keys() == columns[0].keys() for column in columns):
        return [{name: column[key] for name, column in value.items()} for key in columns[0]]
    lists = {name: inner for name, inner in value.items() if _is_list_of_objects(inner)}
    if len(value) == len(lists) == 1:
        return list(*lists.values())
    return next((lists[name] for name in _WRAPPERS if name in lists), [value])


def _is_list_of_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(record, Mapping) for record in value)


def _object(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InputError(f"{where}: not an object with names and values; expected one object a row")
    return value
