"""SQLite or PostgreSQL: one engine per address, read and write transactions.

`PROUTT_DATABASE_URL` names the database; without it, `data/proutt.db` under the working directory.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import Engine, event
from sqlmodel import Session

from db.address import engine_at
from db.schema import require_own_schema

BUSY_TIMEOUT_MS = 15_000


def database_url() -> str:
    return os.environ.get("PROUTT_DATABASE_URL") or f"sqlite:///{Path('data/proutt.db').resolve()}"


_engines: dict[str, Engine] = {}
_of_own_schema: set[Engine] = set()
_engines_lock = Lock()


def engine() -> Engine:
    """The engine of the address in force now; made once per address and process."""
    url = database_url()
    with _engines_lock:
        if url not in _engines:
            _engines[url] = _make_engine(url)
        return _engines[url]


def dispose() -> None:
    """Close every connection of this process: before a fork, a backup, or the end of a test."""
    with _engines_lock:
        for made in _engines.values():
            made.dispose()
        _engines.clear()
        _of_own_schema.clear()


def usable_engine() -> Engine:
    """The same, its schema looked at once: SettingsError where it is another version's."""
    made = engine()
    if made not in _of_own_schema:
        require_own_schema(made)
        _of_own_schema.add(made)
    return made


def _make_engine(url: str) -> Engine:
    made = engine_at(url)
    if made.dialect.name == "sqlite":
        event.listen(made, "connect", _on_connect)
        event.listen(made, "begin", _on_begin)
    return made


def _on_connect(connection: Any, _record: Any) -> None:
    # The driver must not begin transactions by itself: it would leave DDL outside them and start writers DEFERRED.
    connection.isolation_level = None
    cursor = connection.cursor()
    # The timeout first: switching to WAL takes a lock that another process may hold.
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _on_begin(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN " + connection.get_execution_options().get("sqlite_begin", "DEFERRED"))


@contextmanager
def read() -> Iterator[Session]:
    """A session for reading: one consistent snapshot, nothing committed."""
    with Session(usable_engine()) as session:
        yield session


@contextmanager
def write() -> Iterator[Session]:
    """One write transaction: committed when the block ends, rolled back when it raises.

    On SQLite it takes the write lock at once, so what the block reads cannot change before it writes. On PostgreSQL
    callers lock the rows they decide on (`with_for_update`).
    """
    with Session(usable_engine().execution_options(sqlite_begin="IMMEDIATE")) as session:
        # Begins now: left to the first statement, a time taken before it would be older than what others then wrote.
        session.connection()
        yield session
        session.commit()
