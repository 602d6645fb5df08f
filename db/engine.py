"""SQLite or PostgreSQL: one engine per address, read and write transactions.

`PROUTT_DATABASE_URL` names the database; without it, `data/proutt.db` under the working directory.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from db.address import engine_at, file_of
from db.schema import require_own_schema
from db.turns import Turns

BUSY_TIMEOUT_MS = 15_000


def database_url() -> str:
    return os.environ.get("PROUTT_DATABASE_URL") or f"sqlite:///{Path('data/proutt.db').resolve()}"


_engines: dict[str, Engine] = {}
_of_own_schema: set[Engine] = set()
_turns: dict[Engine, Turns] = {}
_joined: ContextVar[Session | None] = ContextVar("joined", default=None)
_joined_reading: ContextVar[Session | None] = ContextVar("joined_reading", default=None)
_engines_lock = Lock()


def engine() -> Engine:
    """The engine of the address in force now; made once per address and process."""
    url = database_url()
    with _engines_lock:
        if url not in _engines:
            _engines[url] = _make_engine(url)
        return _engines[url]


def dispose() -> None:
    """Close every connection of this process: at its end, or at that of a test."""
    with _engines_lock:
        for made in _engines.values():
            made.dispose()
        _engines.clear()
        _of_own_schema.clear()
        _turns.clear()


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
        turns = Turns(file_of(made), wait_s=BUSY_TIMEOUT_MS / 1000)
        event.listen(made, "begin", partial(_on_begin, turns))
        _turns[made] = turns
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


def _on_begin(turns: Turns, connection: Any) -> None:
    options = connection.get_execution_options()
    if options.get("sqlite_begin") != "IMMEDIATE":
        connection.exec_driver_sql("BEGIN DEFERRED")
        return
    try:
        turns.begin(connection.connection.driver_connection, wait_s=options.get("sqlite_wait_s"))
    except sqlite3.OperationalError as exc:
        raise OperationalError("BEGIN IMMEDIATE", None, exc) from exc


@contextmanager
def read() -> Iterator[Session]:
    """A session for reading: nothing is committed. On SQLite it is one consistent snapshot."""
    if (outer := _joined.get() or _joined_reading.get()) is not None:
        yield outer
        return
    with Session(usable_engine()) as session:
        yield session


@contextmanager
def write() -> Iterator[Session]:
    """One write transaction: committed when the block ends, rolled back when it raises.

    On SQLite it takes the write lock at once, so what the block reads cannot change before it writes. On PostgreSQL
    callers lock the rows they decide on (`with_for_update`).
    """
    if (outer := _joined.get()) is not None:
        yield outer
        outer.flush()  # what comes after it reads rows
        return
    made = usable_engine()
    turn = _turns[made].turn() if made in _turns else nullcontext()
    with turn, Session(made.execution_options(sqlite_begin="IMMEDIATE")) as session:
        # Begins now: left to the first statement, a time taken before it would be older than what others then wrote.
        session.connection()
        yield session
        session.commit()


@contextmanager
def one_reading() -> Iterator[None]:
    """What the functions called in the block read, they read on one connection; what they write is not part of it."""
    with read() as session:
        token = _joined_reading.set(session)
        try:
            yield
        finally:
            _joined_reading.reset(token)


@contextmanager
def one_transaction() -> Iterator[None]:
    """What the functions called in the block read and write is one transaction: committed when the block ends, rolled
    back when it raises. An error that the block catches leaves what was written before it, so it must have come first.
    """
    with write() as session:
        token = _joined.set(session)
        try:
            yield
        finally:
            _joined.reset(token)
