"""Whether the database can be used and, where not, what is wrong with it: the one place that tells the drivers' errors
apart. Also what the server needs to know of it at its end."""

import logging
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa
from sqlalchemy import exc as errors

from db.address import file_of
from db.engine import dispose, engine
from db.schema import SchemaState, schema_state
from proutt_core.errors import SettingsError

Trouble = Literal[
    "absent", "unreachable", "refused", "locked", "busy", "full", "read-only", "unopened", "disk", "damaged"
]
Health = Literal["ok", "no database"] | Trouble | SchemaState

log = logging.getLogger("proutt.db")

PROBE_S = 2
# SQLite's codes, the extended ones before the plain ones: sqlite.org/rescode.html.
_OF_SQLITE: dict[int, Trouble] = {
    sqlite3.SQLITE_IOERR_WRITE: "full",  # a quota, or the largest size of a file
    sqlite3.SQLITE_IOERR_SHMSIZE: "full",
    sqlite3.SQLITE_BUSY: "locked",
    sqlite3.SQLITE_LOCKED: "locked",
    sqlite3.SQLITE_READONLY: "read-only",
    sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_CANTOPEN: "unopened",
    sqlite3.SQLITE_PERM: "unopened",
    sqlite3.SQLITE_IOERR: "disk",
    sqlite3.SQLITE_CORRUPT: "damaged",
    sqlite3.SQLITE_NOTADB: "damaged",
}
# PostgreSQL's, of which the first two characters are a class: postgresql.org/docs/current/errcodes-appendix.html.
_OF_POSTGRESQL: dict[str, Trouble] = {
    "53100": "full",
    "53300": "busy",
    "25006": "read-only",
    "42501": "read-only",  # the account may not do this; it may read, or nobody would have come as far
    "55P03": "locked",
    "57014": "locked",  # a limit of time that the server has set
    "3D000": "refused",
    "28": "refused",
    "08": "unreachable",
    "57P": "unreachable",
    "58030": "disk",
    "XX001": "damaged",
    "XX002": "damaged",
}
# A connection that does not come about has words only.
_REFUSALS = ("authentication failed", "no password supplied", "does not exist", "is not permitted", "no pg_hba.conf")
_NO_ROOM = ("too many clients", "remaining connection slots", "too many connections")


@dataclass(frozen=True)
class Advice:
    """`problem` goes on a page as it is; `remedy` is for whoever runs the server."""

    problem: str
    remedy: str


ADVICE: dict[Trouble, Advice] = {
    "absent": Advice(
        "the database file is not there",
        "put it, or a backup, back where PROUTT_DATABASE_URL says; a new and empty one is made by"
        " `python -m proutt_core init`",
    ),
    "unreachable": Advice(
        "the database server does not answer",
        "see that PostgreSQL runs, and that PROUTT_DATABASE_URL names its host and port",
    ),
    "refused": Advice(
        "the database server refuses the account or the name of the database",
        "check name, password and database in PROUTT_DATABASE_URL",
    ),
    "locked": Advice(
        "another program holds the database locked",
        "end it: an open `sqlite3` shell, a copy of the file under way, a transaction left open",
    ),
    "busy": Advice("the database server takes no more connections", "raise its max_connections, or run fewer workers"),
    "full": Advice("the disk under the database is full", "free space on the disk (or quota) that holds the database"),
    "read-only": Advice(
        "the database can only be read",
        "let the account that runs the server write to the database and to its folder, and see whether the disk is"
        " mounted read-only",
    ),
    "unopened": Advice(
        "the database file cannot be opened",
        "let the account that runs the server read and write the file and its folder",
    ),
    "disk": Advice(
        "the disk under the database fails", "look into the system's log; put a backup in place on another disk"
    ),
    "damaged": Advice(
        "the database file is damaged, or is none", "put a backup in its place, or name another in PROUTT_DATABASE_URL"
    ),
}


def health() -> Health:
    """Asks the database, and writes one row of it as it is. Waits for a lock for two seconds at most."""
    try:
        with engine().connect() as connection:
            state = schema_state(connection)
        if state != "own":
            return state
        _write_what_is_there()
        return "ok"
    except (errors.SQLAlchemyError, SettingsError) as exc:
        trouble = trouble_of(exc)
        log.error("the database cannot be used (%s): %s", trouble, exc)
        return trouble or "no database"


def trouble_of(exc: BaseException) -> Trouble | None:
    """What is wrong with the database; None where the error is one of ours, or of nobody's."""
    for error in _chain(exc):
        if isinstance(error, errors.TimeoutError):
            return "busy"
        if isinstance(error, errors.DBAPIError) and not isinstance(error, errors.IntegrityError):
            found = _of_sqlite(error.orig) if isinstance(error.orig, sqlite3.Error) else _of_postgresql(error)
            return _really(found) if found else None
    return None


def reason(exc: Exception) -> str | None:
    """In one line, for whoever starts a server, a worker or a command; None where it is not the database's fault."""
    if isinstance(exc, SettingsError):
        return str(exc)
    trouble = trouble_of(exc)
    if trouble is None:
        return None
    words = str(getattr(exc, "orig", None) or exc).strip().splitlines()
    advice = ADVICE[trouble]
    return (
        f"the database cannot be used: {advice.problem}; {advice.remedy} ({words[0] if words else 'no reason given'})"
    )


def close() -> None:
    """The server stops: lets go of every connection, so that SQLite folds its log back into the one file."""
    dispose()


def _write_what_is_there() -> None:
    """Only a write that is committed tells whether there is room, the right to write, and a lock to be had."""
    same_again = sa.text("UPDATE alembic_version SET version_num = version_num")
    with engine().execution_options(sqlite_begin="IMMEDIATE", sqlite_wait_s=PROBE_S).begin() as connection:
        if connection.dialect.name != "sqlite":
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{PROBE_S}s'")
        connection.execute(same_again)


def _chain(exc: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while exc is not None and id(exc) not in seen:
        seen.add(id(exc))
        yield exc
        exc = exc.__cause__ or exc.__context__


def _of_sqlite(error: sqlite3.Error) -> Trouble | None:
    code = getattr(error, "sqlite_errorcode", 0)
    if not code and "Could not decode to UTF-8" in str(error):  # the driver's own
        return "damaged"
    return _OF_SQLITE.get(code) or _OF_SQLITE.get(code & 0xFF)


def _of_postgresql(error: errors.DBAPIError) -> Trouble | None:
    state = getattr(error.orig, "sqlstate", None) or ""
    for length in (5, 3, 2):
        if state[:length] in _OF_POSTGRESQL:
            return _OF_POSTGRESQL[state[:length]]
    if state or not (
        error.connection_invalidated or isinstance(error, errors.OperationalError | errors.InterfaceError)
    ):
        return None
    words = str(error.orig)
    if any(sign in words for sign in _REFUSALS):
        return "refused"
    return "busy" if any(sign in words for sign in _NO_ROOM) else "unreachable"


def _really(trouble: Trouble) -> Trouble:
    """SQLite says the same of a file that it may not open and of one that is not there."""
    if trouble != "unopened":
        return trouble
    try:
        path = file_of(engine())
    except SettingsError:
        return trouble
    return trouble if os.path.exists(path) else "absent"
