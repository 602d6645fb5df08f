"""The database's address, checked before anything connects. No message shows it: it may hold a password.

A file of SQLite is made by `create_file` and by nothing else: a connection to one that is not there fails, and so does
one whose file was taken away or replaced meanwhile. What SQLite would write into a file without a name is lost.
"""

import math
import os
import time
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DisconnectionError, NoSuchModuleError, SAWarning

from proutt_core.errors import SettingsError
from proutt_core.private_files import make_private_folder, private, tighten

VARIABLE = "PROUTT_DATABASE_URL"
EXPECTED = "expected sqlite:///PATH or postgresql://USER:PASSWORD@HOST:PORT/NAME"
_IN_MEMORY = ("", ":memory:", "file::memory:")
_START = b"SQLite format 3\0"
_OF_SQLITE = ("sqlite", "sqlite+pysqlite")
UNTRIED_S = 5.0


def engine_at(address: str) -> Engine:
    """An engine for SQLite or PostgreSQL, not yet connected. Raises SettingsError."""
    url = _parsed(address)
    backend = url.get_backend_name()
    if backend == "postgresql":
        postgresql = url.set(drivername="postgresql+psycopg")
        made = _made(postgresql, pool_size=10, max_overflow=20)
        event.listen(made, "checkin", _note_rest)
        event.listen(made, "checkout", _try_after_rest)
        return made
    if backend != "sqlite":
        raise SettingsError(f"{VARIABLE} names {backend}; ProUtt Studio runs on sqlite or postgresql")
    if url.drivername not in _OF_SQLITE:
        raise SettingsError(f"{VARIABLE} names {url.drivername}; write sqlite:///PATH, without a driver")
    if (url.database or "") in _IN_MEMORY or url.query.get("mode") == "memory":
        raise SettingsError(f"{VARIABLE} names a database in memory, which no two processes share; {EXPECTED}")
    made = _made(url, pool_size=10, max_overflow=30)
    path = file_of(made)
    _require_database(path)
    for file in (path, *(path.with_name(path.name + ending) for ending in ("-wal", "-shm", "-journal"))):
        tighten(file)
    event.listen(made, "do_connect", _open_what_is_there)
    event.listen(made, "connect", _note_file)
    event.listen(made, "checkout", _require_same_file)
    return made


def _note_rest(_connection: Any, record: Any) -> None:
    record.info["rests_since"] = time.monotonic()


def _try_after_rest(connection: Any, record: Any, _proxy: Any) -> None:
    """The server may have been restarted meanwhile: then the pool connects anew. One that was used a moment ago is not
    tried: a round trip for every transaction is a fifth of those of a click."""
    if time.monotonic() - record.info.get("rests_since", math.inf) > UNTRIED_S:
        try:
            connection.execute("SELECT 1")
            connection.rollback()
        except connection.Error as exc:
            raise DisconnectionError(str(exc)) from exc


def file_of(engine: Engine) -> Path:
    """The file of an SQLite database, behind every link, as SQLite finds it."""
    name = engine.url.database or ""
    if name.startswith("file:"):
        name = unquote(urlsplit(name).path)
    return Path(os.path.realpath(name))


def create_file(engine: Engine) -> None:
    """An empty file that no other account may read, where there is none. Raises SettingsError."""
    path = file_of(engine)
    try:
        make_private_folder(path.parent)
    except OSError as exc:
        raise SettingsError(f"{VARIABLE}: the folder {path.parent} cannot be made: {exc.strerror or exc}") from exc
    with suppress(OSError):  # there already, or the driver says what it cannot open
        open(path, "xb", opener=private).close()


def _open_what_is_there(_dialect: Any, _record: Any, arguments: list[Any], options: dict[str, Any]) -> None:
    if not options.get("uri"):
        arguments[0] = f"file:{quote(os.path.abspath(arguments[0]))}?mode=rw"
        options["uri"] = True


def _note_file(connection: Any, record: Any) -> None:
    """Which file it is. The last column of the list is its path, behind every link."""
    (path,) = [row[2] for row in connection.execute("PRAGMA database_list") if row[1] == "main"]
    record.info["file"] = (path, _identity(path))


def _require_same_file(_connection: Any, record: Any, _proxy: Any) -> None:
    path, identity = record.info["file"]
    if _identity(path) != identity:
        raise DisconnectionError(f"{path} is not there any more")


def _identity(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _parsed(address: str) -> URL:
    try:
        return make_url(address.strip())
    except (ArgumentError, ValueError):  # ValueError: a port that is no number
        raise SettingsError(f"{VARIABLE} is not a database address; {EXPECTED}") from None


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
