"""The database's address, checked before anything connects. No message shows it: it may hold a password."""

import warnings
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SAWarning

from proutt_core.errors import SettingsError

VARIABLE = "PROUTT_DATABASE_URL"
EXPECTED = "expected sqlite:///PATH or postgresql://USER:PASSWORD@HOST:PORT/NAME"
_IN_MEMORY = ("", ":memory:", "file::memory:")
_START = b"SQLite format 3\0"
_OF_SQLITE = ("sqlite", "sqlite+pysqlite")


def engine_at(address: str) -> Engine:
    """An engine for SQLite or PostgreSQL, not yet connected. Raises SettingsError."""
    url = _parsed(address)
    backend = url.get_backend_name()
    if backend == "postgresql":
        postgresql = url.set(drivername="postgresql+psycopg")
        return _made(postgresql, pool_size=10, max_overflow=20, pool_pre_ping=True)
    if backend != "sqlite":
        raise SettingsError(f"{VARIABLE} names {backend}; ProUtt Studio runs on sqlite or postgresql")
    if url.drivername not in _OF_SQLITE:
        raise SettingsError(f"{VARIABLE} names {url.drivername}; write sqlite:///PATH, without a driver")
    if (url.database or "") in _IN_MEMORY or url.query.get("mode") == "memory":
        raise SettingsError(f"{VARIABLE} names a database in memory, which no two processes share; {EXPECTED}")
    path = Path(url.database or "")
    _make_folder(path)
    _require_database(path)
    return _made(url, pool_size=10, max_overflow=30)


def _parsed(address: str) -> URL:
    try:
        return make_url(address.strip())
    except (ArgumentError, ValueError):  # ValueError: a port that is no number
        raise SettingsError(f"{VARIABLE} is not a database address; {EXPECTED}") from None


def _make_folder(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise SettingsError(f"{VARIABLE}: the folder {path.parent} cannot be made: {exc.strerror or exc}") from exc


def _require_database(path: Path) -> None:
    """A short file of anything else would be taken for an empty database, and written over."""
    try:
        if not path.is_file():
            return
        with path.open("rb") as file:
            start = file.read(len(_START))
    except OSError:
        return  # the driver says what it cannot open
    if start and start != _START:
        raise SettingsError(f"{VARIABLE} names {path}, which is no SQLite database; name another file")


def _made(url: URL, **pool: Any) -> Engine:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", SAWarning)  # an option that the driver would ignore
            return create_engine(url, **pool)
    except (ArgumentError, NoSuchModuleError, ImportError, TypeError, ValueError, SAWarning):
        raise SettingsError(f"{VARIABLE} holds a host or an option that does not fit; {EXPECTED}") from None
