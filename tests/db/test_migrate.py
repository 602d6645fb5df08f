"""The migrated schema is the models' schema, and a migration that fails leaves nothing behind."""

import shutil
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection
from sqlmodel import SQLModel

import db.engine
from db.engine import engine, read, write
from db.migrate import MIGRATIONS, context_options, is_current, migrate, write_new
from db.tables import EventRow
from proutt_core.errors import SettingsError

BREAKS_HALF_WAY = """
import sqlalchemy as sa
from alembic import op
revision = "9999"
down_revision = "{head}"
def upgrade():
    op.create_table("half_done", sa.Column("id", sa.Integer(), primary_key=True))
    op.execute("INSERT INTO half_done (id) VALUES (1)")
    with op.batch_alter_table("dataset") as batch:
        batch.add_column(sa.Column("half", sa.Integer(), nullable=True))
        batch.alter_column("name", new_column_name="renamed")
    op.execute("INSERT INTO no_such_table VALUES (1)")
"""


def tables(connection: Connection) -> set[str]:
    return set(sa.inspect(connection).get_table_names())


def everything(connection: Connection) -> dict[str, object]:
    """Every table, column, constraint and index as the database itself describes them, but Alembic's own."""
    seen: dict[str, object] = {}
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql("SELECT type, name, tbl_name, sql FROM sqlite_master WHERE type <> 'trigger'")
        for kind, name, table, sql in rows:
            lines = sorted(part.strip(" ,\n\t") for part in (sql or "").replace('"', "").splitlines())
            seen[f"{kind} {table} {name}"] = lines
    else:
        columns = "table_name, column_name, data_type, is_nullable, column_default"
        for row in connection.exec_driver_sql(
            f"SELECT {columns} FROM information_schema.columns WHERE table_schema = 'public'"
        ):
            seen[f"column {row[0]} {row[1]}"] = tuple(row[2:])
        for name, table, text in connection.exec_driver_sql(
            "SELECT conname, conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE connamespace = 'public'::regnamespace"
        ):
            seen[f"constraint {table} {name}"] = text
        for table, name, text in connection.exec_driver_sql(
            "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
        ):
            seen[f"index {table} {name}"] = text
    return {key: value for key, value in seen.items() if "alembic_version" not in key}


def test_alembic_sees_no_difference_between_migrated_schema_and_models(database: str) -> None:
    with engine().connect() as connection:
        context = MigrationContext.configure(connection, opts=context_options(batch=True))
        assert compare_metadata(context, SQLModel.metadata) == []


def test_migrated_schema_is_what_the_models_create_constraint_by_constraint(database: str) -> None:
    with engine().connect() as connection:
        migrated = everything(connection)
    with engine().begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("DROP TABLE alembic_version")
        SQLModel.metadata.drop_all(connection)
        assert not tables(connection) - {"alembic_version"}
        SQLModel.metadata.create_all(connection)
        created = everything(connection)
    assert len(migrated) > 50
    assert any("CHECK" in str(value) for value in migrated.values())
    assert migrated == created


def test_migrate_says_whether_it_changed_anything(empty_database: str) -> None:
    assert migrate() is True
    assert migrate() is False
    assert is_current()


def newest(folder: Path) -> str:
    """Its revision."""
    return sorted((folder / "versions").glob("[0-9]*.py"))[-1].name[:4]


def _with_failing_migration(tmp_path: Path) -> Path:
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    text = BREAKS_HALF_WAY.format(head=newest(folder))
    (folder / "versions" / "9999_breaks.py").write_text(text, encoding="utf-8")
    return folder


def test_failed_migration_of_an_empty_database_leaves_nothing_behind(empty_database: str, tmp_path: Path) -> None:
    with pytest.raises(sa.exc.DBAPIError, match="no_such_table"):
        migrate(folder=_with_failing_migration(tmp_path))
    with engine().connect() as connection:
        assert tables(connection) == set()


def test_failed_migration_of_a_database_in_use_leaves_it_as_it_was(database: str, tmp_path: Path) -> None:
    with engine().begin() as connection:
        connection.exec_driver_sql("INSERT INTO event (at, kind, subject, detail) VALUES ('2026-01-01', 'x', '', '{}')")
        before = everything(connection)
    with pytest.raises(sa.exc.DBAPIError, match="no_such_table"):
        migrate(folder=_with_failing_migration(tmp_path))
    with engine().connect() as connection:
        assert everything(connection) == before
        assert connection.exec_driver_sql("SELECT kind FROM event").scalars().all() == ["x"]
    assert is_current()


def test_migration_that_would_orphan_rows_is_refused_on_sqlite(sqlite: str, tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "9999_orphans.py").write_text(
        f'from alembic import op\nrevision = "9999"\ndown_revision = "{newest(folder)}"\n'
        "def upgrade():\n    op.execute('DELETE FROM \"user\"')\n",
        encoding="utf-8",
    )
    with engine().begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO user (id, name, password_hash, kind, languages, active, created_at)"
            " VALUES (1, 'ann', '', 'skilled', '[]', 1, '2026-01-01')"
        )
        connection.exec_driver_sql(
            "INSERT INTO role_grant (user_id, role, granted_at) VALUES (1, 'admin', '2026-01-01')"
        )
    with pytest.raises(SettingsError, match="refer to nothing"):
        migrate(folder=folder)
    with engine().connect() as connection:
        assert connection.exec_driver_sql("SELECT name FROM user").scalars().all() == ["ann"]


def test_database_of_a_newer_version_is_refused_and_named(database: str) -> None:
    with engine().begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '4711'")
    with pytest.raises(SettingsError, match="4711"):
        migrate()


def test_many_that_migrate_at_once_take_turns(empty_database: str) -> None:
    changed: list[bool] = []
    start = threading.Barrier(4)

    def run() -> None:
        start.wait()
        changed.append(migrate())

    # Alembic's context is a module-level proxy, so only the lock's waiting happens side by side here; processes share
    # nothing but the lock.
    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(changed) == [False, False, False, True]


def test_event_log_refuses_update_and_delete(database: str) -> None:
    with write() as session:
        session.add(EventRow(kind="opened", subject="study"))
    for statement in ("UPDATE event SET kind = 'other'", "DELETE FROM event"):
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), engine().begin() as connection:
            connection.exec_driver_sql(statement)
    if engine().dialect.name == "postgresql":
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), engine().begin() as connection:
            connection.exec_driver_sql("TRUNCATE event")
    with read() as session:
        assert session.connection().exec_driver_sql("SELECT kind FROM event").scalars().all() == ["opened"]


def test_foreign_keys_are_enforced_after_migrating(empty_database: str) -> None:
    migrate()
    with pytest.raises(sa.exc.IntegrityError), engine().begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO role_grant (user_id, role, granted_at) VALUES (77, 'admin', '2026-01-01')"
        )


def test_next_migration_is_written_from_the_models(sqlite: str, tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    before = newest(folder)
    with engine().begin() as connection:
        connection.exec_driver_sql("DROP TABLE login_failure")
    written = write_new("bring it back", folder=folder)
    text = written.read_text(encoding="utf-8")
    assert written.name.startswith(f"{int(before) + 1:04d}_")
    assert f'down_revision = "{before}"' in text.replace("'", '"')
    assert "create_table('login_failure'" in text and "AutoString" not in text
    assert migrate(folder=folder) is True
    db.engine.dispose()
    with engine().connect() as connection:
        assert "login_failure" in tables(connection)
