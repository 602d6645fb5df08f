"""What lies in such a file, before anybody knows what it means: rows with named values."""

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from proutt_core.errors import InputError
from proutt_core.visible import visible


@dataclass(frozen=True, slots=True)
class Row:
    """`where` says it as people do: "row 3" of a table, whose header is row 1; "line 3" of JSONL; "record 3" of
    a list."""

    where: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rows:
    """`columns` in the file's order, a repeated one as often as it stands there. `notes`: what a person should know."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()


def rows_of_objects(objects: list[tuple[str, Mapping[str, Any]]]) -> Rows:
    """Of (where, object); the columns are all names, in the order in which they come up."""
    columns = dict.fromkeys(str(name) for _, value in objects for name in value)
    return Rows(tuple(columns), tuple(Row(where, value) for where, value in objects))


def refusal(message: str) -> InputError:
    """One line with nothing raw in it, whatever the file's columns are called."""
    return InputError(" ".join(visible(message).split()))


def folded(name: str) -> str:
    """A column's name as names are compared: "Rater ID", "rater_id" and "RaterId" are one."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return "".join(character for character in plain if character.isalnum()) or plain.strip()


def text_of(value: Any) -> str:
    """A value as the text that a person would read: 3.0 as "3", nothing as "", one choice of a list as itself."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, list) and len(value) == 1:
        return text_of(value[0])
    if isinstance(value, Mapping | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def scalars(value: Any) -> dict[str, str]:
    """The members of an object that are one text or number each."""
    if not isinstance(value, Mapping):
        return {}
    return {str(name): text_of(member) for name, member in value.items() if not isinstance(member, Mapping | list)}
