"""Whether the database can be used, and what is wrong with it where not: every state made real."""

import os
import resource
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

import db.engine
from db.accounts.users import create_user, list_users
from db.engine import dispose, engine, read, write
from db.health import ADVICE, close, health, trouble_of
from db.migrate import migrate
from proutt_core.errors import SettingsError

PASSWORD = "correct horse"


def file_at(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


def make_someone(name: str = "ann") -> None:
    create_user(name=name, password=PASSWORD, roles=["annotator"])


def trouble_of_writing() -> str | None:
    """What the error of a write is told to be."""
    with pytest.raises(sa.exc.SQLAlchemyError) as failed:
        make_someone("bo")
    return trouble_of(failed.value)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.engine.BUSY_TIMEOUT_MS", 100)
    monkeypatch.setattr("db.health.PROBE_S", 0)


def test_migrated_database_is_healthy_also_after_letting_go(database: str) -> None:
    assert health() == "ok"
    close()
    assert health() == "ok"


# --- the schema -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("revision", "state"), [("0000", "older schema"), ("4711", "newer schema"), ("x", "newer schema")]
)
def test_a_schema_of_another_version_is_told_and_nothing_is_read_or_written(
    database: str, revision: str, state: str
) -> None:
    with engine().begin() as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'")
    dispose()
    assert health() == state
    for use in (list_users, make_someone):
        with pytest.raises(SettingsError, match=f"has schema {revision}") as refused:
            use()
        assert ("init" if state == "older schema" else "update ProUtt Studio") in str(refused.value)


def test_a_database_without_tables_is_told_to_be_new(empty_database: str) -> None:
    assert health() in ("absent", "no schema")
    migrate()
    assert health() == "ok"


# --- SQLite -----------------------------------------------------------------------------------------------------------


def test_a_locked_database_is_told_and_can_still_be_read(sqlite: str, impatient: None) -> None:
    make_someone()
    dispose()
    with closing(sqlite3.connect(file_at(sqlite), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert health() == "locked"
        assert trouble_of_writing() == "locked"
        assert [user.name for user in list_users()] == ["ann"]
    assert health() == "ok"


def test_a_look_waits_for_a_lock_no_longer_than_its_own_time(sqlite: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.health.PROBE_S", 0.1)
    with closing(sqlite3.connect(file_at(sqlite), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        assert health() == "locked"
        assert time.monotonic() - began < db.engine.BUSY_TIMEOUT_MS / 1000 / 3


def test_the_wait_for_a_lock_is_as_long_as_before_after_a_look(sqlite: str) -> None:
    assert health() == "ok"
    with engine().connect() as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == db.engine.BUSY_TIMEOUT_MS


def test_a_read_only_database_is_told_and_needs_no_migration(sqlite: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROUTT_DATABASE_URL", f"sqlite:///file:{file_at(sqlite)}?mode=ro&uri=true")
    assert migrate() is False
    assert health() == "read-only"
    assert trouble_of_writing() == "read-only"
    assert list_users() == []


@contextmanager
def no_file_beyond(size: int) -> Iterator[None]:
    """As a quota, or a full disk: no file of this process grows beyond it."""
    before, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, most))


def test_a_full_disk_is_told_and_nothing_written_is_lost(sqlite: str) -> None:
    make_someone()
    with no_file_beyond(Path(f"{file_at(sqlite)}-wal").stat().st_size):
        assert trouble_of_writing() == "full"
        assert health() == "full"
    assert health() == "ok"
    assert [user.name for user in list_users()] == ["ann"]


def test_a_database_that_may_not_grow_is_full(sqlite: str) -> None:
    with write() as session, pytest.raises(sa.exc.OperationalError) as failed:
        connection = session.connection()
        connection.exec_driver_sql("PRAGMA max_page_count=1")
        connection.exec_driver_sql("CREATE TABLE more AS SELECT randomblob(1000000)")
    assert trouble_of(failed.value) == "full"


@pytest.mark.parametrize("gone", ["file", "folder"])
def test_a_database_that_was_deleted_is_told_at_once_and_not_made_anew(
    sqlite: str, gone: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "place"
    folder.mkdir()
    shutil.copy(file_at(sqlite), folder / "p.db")
    monkeypatch.setenv("PROUTT_DATABASE_URL", f"sqlite:///{folder / 'p.db'}")
    make_someone()
    if gone == "folder":
        shutil.rmtree(folder)
    else:
        (folder / "p.db").unlink()
    assert health() == "absent"
    assert trouble_of_writing() == "absent"
    with pytest.raises(sa.exc.OperationalError) as failed:
        list_users()
    assert trouble_of(failed.value) == "absent"
    assert not (folder / "p.db").exists()


def test_a_backup_put_in_place_is_used_at_once(sqlite: str, tmp_path: Path) -> None:
    make_someone()
    dispose()
    shutil.copy(file_at(sqlite), tmp_path / "backup.db")
    make_someone("later")
    for ending in ("-wal", "-shm"):  # they are of the file that goes
        Path(f"{file_at(sqlite)}{ending}").unlink()
    os.replace(tmp_path / "backup.db", file_at(sqlite))
    assert [user.name for user in list_users()] == ["ann"]


def test_a_damaged_database_is_told(sqlite: str) -> None:
    dispose()
    content = file_at(sqlite).read_bytes()
    file_at(sqlite).write_bytes(content[:4096] + b"\xa5" * (len(content) - 4096))
    assert health() == "damaged"


def test_a_bug_is_no_trouble_of_the_database(database: str) -> None:
    for statement in ("SELECT no_such_column FROM alembic_version", "INSERT INTO role_grant (user_id) VALUES (1)"):
        with read() as session, pytest.raises(sa.exc.DBAPIError) as failed:
            session.connection().exec_driver_sql(statement)
        assert trouble_of(failed.value) is None
    assert trouble_of(ValueError()) is None


# --- PostgreSQL -------------------------------------------------------------------------------------------------------


@pytest.fixture
def postgresql(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    from tests.conftest import _use_postgres

    server = request.getfixturevalue("postgres_server")
    yield from _use_postgres(server, monkeypatch, request.getfixturevalue("postgres_template"))


def as_role(url: str, role: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROUTT_DATABASE_URL", url.replace("postgres@", f"{role}@"))


def test_a_server_that_ends_connections_is_reached_again(postgresql: str) -> None:
    make_someone()
    with read() as session:
        connection = session.connection()
        pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
        with psycopg.connect(postgresql, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
        with pytest.raises(sa.exc.DBAPIError) as failed:
            connection.exec_driver_sql("SELECT 1")
    assert trouble_of(failed.value) == "unreachable"
    assert health() == "ok"


@pytest.mark.parametrize(
    ("address", "state"),
    [
        ("postgresql://nobody@127.0.0.1:1/nothing?connect_timeout=2", "unreachable"),
        ("postgresql://nobody@no-such-host.invalid/nothing?connect_timeout=2", "unreachable"),
    ],
)
def test_a_server_that_does_not_answer_is_told(address: str, state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROUTT_DATABASE_URL", address)
    try:
        assert health() == state
    finally:
        dispose()


def test_an_account_or_a_database_that_the_server_does_not_know_is_refused(
    postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_role(postgresql, "nobody_at_all", monkeypatch)
    assert health() == "refused"
    monkeypatch.setenv("PROUTT_DATABASE_URL", f"{postgresql}_other")
    assert health() == "refused"


@pytest.mark.parametrize("kind", ["no right to write", "read-only transactions"])
def test_a_role_that_may_only_read_is_told(postgresql: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    role = f"reader_{os.getpid()}"
    with psycopg.connect(postgresql, autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {role} LOGIN")
        rights = "SELECT" if kind == "no right to write" else "ALL"
        admin.execute(f"GRANT {rights} ON ALL TABLES IN SCHEMA public TO {role}")
        admin.execute(f"GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {role}")
        if kind != "no right to write":
            admin.execute(f"ALTER ROLE {role} SET default_transaction_read_only = on")
        try:
            as_role(postgresql, role, monkeypatch)
            assert health() == "read-only"
            assert trouble_of_writing() == "read-only"
            assert list_users() == []
            dispose()
        finally:
            admin.execute(f"DROP OWNED BY {role}")
            admin.execute(f"DROP ROLE {role}")


def test_a_lock_that_is_not_to_be_had_is_told(postgresql: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.health.PROBE_S", 1)
    with psycopg.connect(postgresql) as other:
        other.execute("LOCK TABLE alembic_version IN SHARE MODE")
        assert health() == "locked"
    assert health() == "ok"


@pytest.mark.parametrize(("code", "state"), [("53100", "full"), ("53300", "busy"), ("XX001", "damaged")])
def test_what_the_server_says_by_a_code_is_understood(postgresql: str, code: str, state: str) -> None:
    with psycopg.connect(postgresql, autocommit=True) as admin:
        admin.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{code}'; END $$"
        )
        for table in ("alembic_version", '"user"'):
            admin.execute(f"CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON {table} EXECUTE FUNCTION refuse()")
    assert health() == state
    assert trouble_of_writing() == state


def test_every_trouble_has_its_words() -> None:
    from typing import get_args

    from db.health import Trouble

    assert set(ADVICE) == set(get_args(Trouble))
