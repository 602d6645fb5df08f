"""A copy made while everything runs: whole, private, and with every answer that was acknowledged before it began."""

import json
import os
import shutil
import sqlite3
import stat
import subprocess
import threading
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from sqlmodel import col, select

from db.accounts.users import create_user, list_users
from db.backup import back_up
from db.engine import dispose, engine, read, write
from db.migrate import migrate
from db.tables import EventRow
from proutt_core.errors import ConflictError, InputError, SettingsError
from tests import postgres
from tests.commands.terminal import run_in

WRITERS = 4


class Writing:
    """Threads that write pairs of rows; `acknowledged` are those whose transaction was committed."""

    def __init__(self) -> None:
        self.acknowledged: list[str] = []
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(number,)) for number in range(WRITERS)]

    def _write(self, number: int) -> None:
        for n in range(100_000):
            if self._stopping.is_set():
                return
            subject = f"{number}-{n}"
            with write() as session:
                for half in ("first", "second"):
                    session.add(EventRow(kind=half, subject=subject))
                    session.flush()
            self.acknowledged.append(subject)

    def __enter__(self) -> "Writing":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, count: int) -> None:
        while len(self.acknowledged) < count:
            self._stopping.wait(0.01)


def written() -> dict[str, list[str]]:
    """What each transaction left, by subject."""
    found: dict[str, list[str]] = {}
    with read() as session:
        for event in session.exec(select(EventRow).where(col(EventRow.kind).in_(["first", "second"]))):
            found.setdefault(event.subject, []).append(event.kind)
    return found


def restored(copy: Path, monkeypatch: pytest.MonkeyPatch, server: str = "") -> None:
    """The database from now on is what the copy holds."""
    dispose()
    if not server:
        monkeypatch.setenv("PROUTT_DATABASE_URL", f"sqlite:///{copy}")
        return
    name = f"restored_{os.getpid()}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {name}")
        admin.execute(f"CREATE DATABASE {name}")
    folder = postgres.binaries()
    assert folder is not None
    command = [str(folder / "pg_restore"), f"--dbname={server}/{name}", str(copy)]
    subprocess.run(command, check=True, capture_output=True)
    monkeypatch.setenv("PROUTT_DATABASE_URL", f"{server}/{name}")


def test_a_copy_made_under_writes_is_whole_and_holds_what_was_acknowledged_before(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_user(name="ann", password="correct horse", roles=["annotator"])
    copies = [tmp_path / f"copy-{n}" for n in range(3)]
    before: list[set[str]] = []
    with Writing() as writing:
        for n, copy in enumerate(copies):
            writing.wait_for(20 * (n + 1))
            before.append(set(writing.acknowledged))
            assert back_up(copy) == copy.stat().st_size > 0
    server = database.rpartition("/")[0] if database.startswith("postgresql") else ""
    for copy, acknowledged in zip(copies, before, strict=True):
        assert f"{stat.S_IMODE(copy.stat().st_mode):o}" == "600"
        restored(copy, monkeypatch, server)
        assert migrate() is False
        found = written()
        assert acknowledged <= found.keys()
        assert {tuple(halves) for halves in found.values()} == {("first", "second")}  # nothing of half a transaction
        assert [user.name for user in list_users()] == ["ann"]
        create_user(name="bo", password="correct horse", roles=["annotator"])  # it is used as any other
    dispose()
    assert not list(tmp_path.glob("*.part"))


def test_nothing_is_written_over_unless_it_is_asked_for(sqlite: str, tmp_path: Path) -> None:
    copy, folder, link = tmp_path / "copy.db", tmp_path / "folder", tmp_path / "link"
    copy.write_text("mine")
    folder.mkdir()
    link.symlink_to(copy)
    for path in (copy, folder, link):
        with pytest.raises(ConflictError, match="is there already"):
            back_up(path)
    for path in (folder, link):
        with pytest.raises(ConflictError, match="is there already"):
            back_up(path, replace=True)
    assert copy.read_text() == "mine"
    back_up(copy, replace=True)
    assert copy.read_bytes().startswith(b"SQLite format 3") and f"{stat.S_IMODE(copy.stat().st_mode):o}" == "600"


def test_the_database_is_never_its_own_backup(sqlite: str, tmp_path: Path) -> None:
    create_user(name="ann", password="correct horse", roles=["annotator"])
    with pytest.raises(InputError, match="the database itself"):
        back_up(Path(sqlite.removeprefix("sqlite:///")), replace=True)
    assert [user.name for user in list_users()] == ["ann"]


def test_a_database_before_its_migration_can_be_copied(sqlite: str, tmp_path: Path) -> None:
    with engine().begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    dispose()
    assert back_up(tmp_path / "copy.db") > 0


@pytest.mark.parametrize("fault", ["absent", "damaged", "no folder"])
def test_a_copy_that_cannot_be_made_leaves_nothing_behind(sqlite: str, tmp_path: Path, fault: str) -> None:
    path = Path(sqlite.removeprefix("sqlite:///"))
    dispose()
    place = tmp_path / "place"
    if fault != "no folder":
        place.mkdir()
    if fault == "absent":
        path.unlink()
    elif fault == "damaged":
        content = path.read_bytes()
        path.write_bytes(content[: 4096 * 8] + b"\xa5" * 4096 * 4 + content[4096 * 12 :])
    shown = run_in("utf-8", "backup", str(place / "copy.db"))
    assert shown.code == 1 and shown.err.startswith(b"error: ") and shown.err.count(b"\n") == 1, shown
    assert not place.is_dir() or list(place.iterdir()) == []
    assert fault != "absent" or not path.exists()


def test_the_command_says_what_it_wrote(sqlite: str, tmp_path: Path) -> None:
    shown = run_in("utf-8", "backup", str(tmp_path / "copy.db"), "--json")
    assert shown.code == 0
    assert json.loads(shown.out) == {
        "backup": str(tmp_path / "copy.db"),
        "bytes": (tmp_path / "copy.db").stat().st_size,
    }
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert [path.name for path in tmp_path.glob("copy.db*")] == ["copy.db"]


def test_where_pg_dump_is_missing_the_error_says_what_to_install(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not database.startswith("postgresql"):
        pytest.skip("only PostgreSQL's own program copies it")
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    with pytest.raises(SettingsError, match=r"install PostgreSQL's client programs .*pg_dump --format=custom"):
        back_up(tmp_path / "copy")
    assert list(tmp_path.iterdir()) == []
