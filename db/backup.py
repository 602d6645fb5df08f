"""A whole copy of the database while everything runs.

SQLite's own backup copies a snapshot: what was committed before it began is in the copy, and nothing of half a
transaction. The copy is looked through before it gets its name. PostgreSQL's is `pg_dump`.
"""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import URL

from db.address import file_of
from db.engine import engine
from proutt_core.errors import ConflictError, InputError, SettingsError
from proutt_core.private_files import private


def back_up(path: Path, *, replace: bool = False) -> int:
    """Write the copy to `path`, readable by this account only; its size in bytes.

    Raises ConflictError where something is there and `replace` was not asked for, InputError where it cannot be
    written, SettingsError where pg_dump is missing or fails.
    """
    if os.path.lexists(path) and not (replace and path.is_file() and not path.is_symlink()):
        raise ConflictError(f"{path} is there already; name another, or give --replace for a file that may go")
    database = engine()  # whatever its schema: a copy is made before it is migrated
    is_sqlite = database.dialect.name == "sqlite"
    if is_sqlite and os.path.realpath(path) == str(file_of(database)):
        raise InputError(f"{path} is the database itself")
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        open(part, "xb", opener=private).close()
        if is_sqlite:
            _copy(file_of(database), part)
        else:
            _dump(database.url, part)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        if not replace:
            open(path, "xb", opener=private).close()  # fails where somebody was quicker
        os.replace(part, path)
    except FileExistsError as exc:
        raise ConflictError(f"{path} is there already; name another") from exc
    except OSError as exc:
        raise InputError(f"the backup {path} cannot be written: {exc.strerror or exc}") from exc
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return path.stat().st_size


def _copy(source: Path, target: Path) -> None:
    """In one step: the pages are read within one read transaction, which no writer waits for."""
    try:
        with (
            closing(sqlite3.connect(f"file:{quote(str(source))}?mode=ro", uri=True, timeout=60)) as old,
            closing(sqlite3.connect(target)) as new,
        ):
            old.backup(new, pages=-1)
            new.execute("PRAGMA journal_mode=DELETE")  # one file, with nothing beside it
            (found,) = new.execute("PRAGMA integrity_check(1)").fetchone()
            broken = new.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.Error as exc:
        raise SettingsError(f"the database {source} cannot be copied: {exc}") from exc
    if found != "ok" or broken is not None:
        raise SettingsError(f"the database is damaged, and so was its copy, which was removed: {broken or found}")


def _dump(url: URL, target: Path) -> None:
    """In the format that `pg_restore` reads. The password goes through the environment, where no `ps` shows it."""
    program = shutil.which("pg_dump")
    plain = url.set(drivername="postgresql", password=None)
    address = plain.render_as_string(hide_password=False)
    if program is None:
        raise SettingsError(
            "pg_dump is not installed: install PostgreSQL's client programs (Debian: postgresql-client) and run this"
            f" again, or on another machine: pg_dump --format=custom --file=backup.dump {address}"
        )
    environment = os.environ | ({"PGPASSWORD": str(url.password)} if url.password else {})
    command = [program, "--format=custom", f"--file={target}", f"--dbname={address}", "--no-password"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        words = " ".join(done.stderr.split()) or f"exit code {done.returncode}"
        raise SettingsError(f"pg_dump could not copy the database: {words[:500]}")
