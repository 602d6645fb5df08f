"""One message a row, or one question with its answer: any table of a bot. Rows of one conversation are put together.

They may lie scattered over a file larger than memory: they are sorted in a temporary database on disk. A row that is no
message costs that row.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Any

from proutt_core.dialogues.files.json_window import LONGEST_ROW
from proutt_core.dialogues.files.rows import (
    NO_CONVERSATION,
    NO_TEXT,
    NOT_AN_OBJECT,
    TOO_DEEP,
    TOO_LONG,
    UNKNOWN_ROLE,
    JsonObject,
    RawRow,
    RowError,
    kind,
)
from proutt_core.dialogues.readers.beside import CONVERSATION_KEYS, dialogue
from proutt_core.dialogues.readers.branches import one_branch
from proutt_core.dialogues.readers.keys import decoded, first, view
from proutt_core.dialogues.readers.messages import LIST_KEYS, is_message, is_pair, listed, read_list, speaks
from proutt_core.dialogues.readers.prompts import is_turn_of_a_longer_conversation
from proutt_core.dialogues.readers.source import SourceDialogue, identifier

MESSAGES, NAME = "messages", "conversation_id"  # of a gathered row

# What else can hold messages together, where no key says so outright; then `id`, where several rows share one.
_WEAKER_KEYS = (
    *("conversation", "session", "dialogue", "dialog", "chat", "thread", "userid", "user", "customerid", "phone"),
    *("phonenumber", "username"),
)
_ORDER_KEYS = (
    *("turn", "turnindex", "turnid", "turnnumber", "turnno", "turnidx", "messageindex", "messagenumber", "messageno"),
    *("position", "seq", "sequence", "sequencenumber", "order", "step", "utteranceindex", "utteranceidx", "lineno"),
    *("index", "idx"),
)
_TIME_KEYS = (
    *("timestamp", "createdat", "created", "createdate", "createddate", "createtime", "sentat", "datetime", "time"),
    *("date", "ts", "messagetime", "messagetimestamp", "sentdate", "createdtime", "insertedat"),
)
_SET_UP = """
PRAGMA cache_size = -16384; PRAGMA journal_mode = OFF;
CREATE TABLE message (name BLOB, id BLOB, place REAL, time REAL, number INTEGER, text BLOB);
"""
_GROUP = """
CREATE TABLE conversation AS SELECT {key} AS name, min(rowid) AS first, min(number) AS number FROM message GROUP BY 1;
CREATE INDEX by_name ON conversation (name);
"""
_IN_ORDER = """
SELECT c.first, c.name, c.number, m.text FROM message m JOIN conversation c ON c.name IS m.{key}
ORDER BY c.first, m.place, m.time, m.rowid
"""
_INTEGRAL = 2.0**53


def claims(row: JsonObject) -> bool:
    folded_row = view(row)
    if any(isinstance(decoded(folded_row.get(key)), list | dict) for key in LIST_KEYS):
        return False
    return is_message(row) or is_turn_of_a_longer_conversation(folded_row)


def read(row: JsonObject, key: str | None) -> SourceDialogue:
    """A gathered conversation: what its first row says beside the message is said of all."""
    notes: list[str] = []
    items = listed(row.get(MESSAGES), name=MESSAGES)
    messages = read_list(one_branch(items, notes), notes, name=MESSAGES)
    about = view(items[0]) if isinstance(items[0], dict) else {}
    about = {name: value for name, value in about.items() if name not in (*CONVERSATION_KEYS, "uuid")}
    return dialogue(about | {"id": identifier(row.get(NAME))}, key, messages, notes)


def gather(rows: Iterator[RawRow]) -> Iterator[RawRow]:
    """Rows of conversations, in the order in which their first messages come, each with the number of that row; before
    them the rows that are no messages."""
    with closing(sqlite3.connect("")) as database:  # a file that goes with the connection
        database.executescript(_SET_UP)
        names = _Names()
        file = ""
        for row in rows:
            file = row.file
            try:
                if row.error:
                    raise row.error
                database.execute("INSERT INTO message VALUES (?, ?, ?, ?, ?, ?)", _message(row, names))
            except RowError as exc:
                yield RawRow(row.number, error=exc, file=row.file)
        key = "id" if _shares_ids(database, names) else "name"
        database.executescript(_GROUP.format(key=key))
        yield from _conversations(database.execute(_IN_ORDER.format(key=key)), file)


def _message(row: RawRow, names: "_Names") -> tuple[bytes, bytes | None, float | None, float | None, int, bytes]:
    if not isinstance(row.value, dict):
        raise RowError(NOT_AN_OBJECT, kind(row.value))
    folded_row = view(row.value)
    if not is_message(row.value) and not is_pair(folded_row):
        raise RowError(NO_TEXT if speaks(folded_row) else UNKNOWN_ROLE, "no message, nor a question with its answer")
    try:
        text = json.dumps(row.value, default=str).encode()
    except (ValueError, RecursionError) as exc:
        raise RowError(TOO_DEEP) from exc
    place = _number(first(folded_row, _ORDER_KEYS))
    name = names.name_of(folded_row, place)
    return name, _name(folded_row.get("id")), place, _moment(first(folded_row, _TIME_KEYS)), row.number, text


class _Names:
    """What a row's conversation is called. Where no column could name one, a new one begins where turns are counted
    from the start again."""

    def __init__(self) -> None:
        self.any_named = False
        self._unnamed = 0
        self._last_place = float("-inf")

    def name_of(self, row: JsonObject, place: float | None) -> bytes:
        for keys in (CONVERSATION_KEYS, _WEAKER_KEYS):
            if any(key in row for key in keys):
                self.any_named = True
                name = next((name for name in (_name(row.get(key)) for key in keys) if name is not None), None)
                if name is not None:
                    return name
        if self.any_named:
            raise RowError(NO_CONVERSATION)
        if place is not None:
            self._unnamed += place < self._last_place
            self._last_place = place
        return b"\x00%d" % self._unnamed


def _name(value: Any) -> bytes | None:
    if isinstance(value, dict):
        value = value.get("$oid")
    if isinstance(value, float) and value == value and abs(value) < _INTEGRAL and value == int(value):
        value = int(value)  # a column of whole numbers with a gap, out of pandas
    name = identifier(value)
    return None if name is None else name.strip().encode("utf-8", "surrogatepass")


def _number(value: Any) -> float | None:
    try:
        number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else None
    except (ValueError, OverflowError):
        return None
    return number if number is not None and abs(number) < 1e300 else None


def _moment(value: Any) -> float | None:
    """Seconds; None for a time that is written in another way than ISO 8601's: then the file's order holds."""
    number = _number(value)
    if number is not None:
        return number
    try:
        moment = datetime.fromisoformat(value.strip()) if isinstance(value, str) else value
        if isinstance(moment, date) and not isinstance(moment, datetime):
            moment = datetime(moment.year, moment.month, moment.day)
        if not isinstance(moment, datetime):
            return None
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _shares_ids(database: sqlite3.Connection, names: _Names) -> bool:
    if names.any_named:
        return False
    rows, with_id, ids = database.execute("SELECT count(*), count(id), count(DISTINCT id) FROM message").fetchone()
    return bool(rows == with_id and ids < rows)


def _conversations(found: Iterator[tuple[int, bytes, int, bytes]], file: str) -> Iterator[RawRow]:
    for (_, name, number), messages in groupby(found, key=lambda line: line[:3]):
        texts: list[bytes] = []
        size = 0
        for *_, text in messages:
            size += len(text)
            texts += [text] if size <= LONGEST_ROW else []
        if size > LONGEST_ROW:
            yield RawRow(
                number, error=RowError(TOO_LONG, f"a conversation of more than {LONGEST_ROW:,} bytes"), file=file
            )
            continue
        named = None if name.startswith(b"\x00") else name.decode("utf-8", "surrogatepass")
        yield RawRow(number, {NAME: named, MESSAGES: [json.loads(text) for text in texts]}, file=file)
