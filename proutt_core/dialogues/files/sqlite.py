"""Rows out of a SQLite database: a bot's table of messages, or one whose rows hold whole conversations."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import BinaryIO

from proutt_core.dialogues.files.on_disk import on_disk
from proutt_core.dialogues.files.rows import RawRow, one_line
from proutt_core.errors import InputError

MAGIC = b"SQLite format 3\x00"
# Columns that tables of conversations have; the table with most of them is read.
_TEXTS = {"content", "text", "message", "messages", "body", "chat", "conversation", "conversations", "dialogue", "msg"}
_ROLES = {"role", "sender", "speaker", "author", "from", "from_me", "is_bot", "is_user", "type", "direction"}
_GROUPS = {
    *("conversation_id", "session_id", "chat_id", "thread_id", "dialogue_id", "dialog_id", "conv_id", "room_id"),
    *("conversationid", "sessionid", "chatid", "threadid", "user_id"),
}


def sqlite_rows(stream: BinaryIO, skip: int = 0) -> Iterator[RawRow]:
    """The rows of the table that looks most like conversations, as dicts, in the order they were put in. InputError
    where no table does, or the database is damaged."""
    try:
        with on_disk(stream) as path, closing(_connected(str(path))) as database:
            table = _table(database)
            cursor = database.execute(f'SELECT * FROM "{table.replace(chr(34), chr(34) * 2)}"')
            columns = [column[0] for column in cursor.description]
            for number, values in enumerate(cursor, 1):
                if number > skip:
                    yield RawRow(number, dict(zip(columns, values, strict=True)))
    except (sqlite3.Error, UnicodeDecodeError) as exc:
        raise InputError(f"the SQLite database cannot be read: {one_line(exc)}") from exc


def _connected(path: str) -> sqlite3.Connection:
    """To the file alone: nothing is written, no journal beside it is looked at."""
    database = sqlite3.connect(f"file:{path.replace('%', '%25').replace('?', '%3f')}?mode=ro&immutable=1", uri=True)
    database.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
    return database


def _table(database: sqlite3.Connection) -> str:
    tables = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid")]
    likeness = {table: _likeness(database, table) for table in tables if not table.startswith("sqlite_")}
    best: str = max(likeness, key=lambda table: likeness[table], default="")
    if not likeness.get(best):
        names = ", ".join(list(likeness)[:8]) or "none"
        raise InputError(f"no table of the SQLite database holds messages (its tables: {names}).")
    return best


def _likeness(database: sqlite3.Connection, table: str) -> int:
    quoted = table.replace("'", "''")
    columns = {row[1].lower() for row in database.execute(f"PRAGMA table_info('{quoted}')")}
    return 4 * bool(columns & _TEXTS) + 2 * bool(columns & _ROLES) * bool(columns & _TEXTS) + bool(columns & _GROUPS)
