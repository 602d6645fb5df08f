"""Bring the database's schema to the newest version, in one transaction.

    python -m db.migrate                  upgrade the database that PROUTT_DATABASE_URL names
    python -m db.migrate --new "words"    write the next migration from the difference between models and database
    python -m db.migrate --regenerate     before the first release only: write 0001 anew from the models

A migration that fails leaves nothing behind. Two processes that start together take turns: on SQLite by the write lock,
on PostgreSQL by an advisory lock.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.autogenerate.api import AutogenContext
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection
from sqlmodel import SQLModel

import db.tables  # noqa: F401 - fills SQLModel.metadata
from db.address import create_file
from db.engine import engine
from db.schema import MIGRATIONS, schema_state
from proutt_core.errors import SettingsError

INITIAL_MESSAGE = "initial schema"
ADVISORY_LOCK = 0x50724F55  # "PrOU"; any constant that nothing else in this database uses


def migrate(*, folder: Path = MIGRATIONS) -> bool:
    """Upgrade to the newest schema; True if anything changed. Makes the file of an SQLite database.

    A database that is up to date is only read: it may be read-only, or locked.
    """
    head = _head(folder)
    if engine().dialect.name == "sqlite":
        create_file(engine())
    if folder == MIGRATIONS and is_current():
        return False
    with _alone() as connection:
        before = MigrationContext.configure(connection).get_current_revision()
        if before == head:
            return False
        try:
            command.upgrade(_config(connection, folder), "head")
        except CommandError as exc:
            raise SettingsError(
                f"the database has schema {before}, this version of ProUtt Studio knows up to {head}: {exc}."
                " Run the newer version, or point PROUTT_DATABASE_URL at another database"
            ) from exc
        _check_references(connection)
    return True


def is_current() -> bool:
    """Whether the database has exactly the schema this version expects. Takes no lock."""
    with engine().connect() as connection:
        return schema_state(connection) == "own"


def context_options(*, batch: bool) -> dict[str, Any]:
    """What env.py and the tests pass to Alembic. Batch mode rebuilds tables where SQLite cannot alter them."""
    return {
        "target_metadata": SQLModel.metadata,
        "render_as_batch": batch,
        "transactional_ddl": True,
        "transaction_per_migration": False,
        "compare_type": True,
        "render_item": _render_item,
    }


def _render_item(kind: str, item: object, _context: AutogenContext) -> str | Literal[False]:
    """Migrations name plain SQL types, so that they keep meaning the same when our own types change."""
    if kind == "type" and isinstance(item, sa.types.TypeDecorator):
        return f"sa.{item.impl_instance!r}"
    return False


def _head(folder: Path) -> str:
    head = ScriptDirectory(folder).get_current_head()
    if head is None:
        raise SettingsError(f"no migrations in {folder}")
    return head


def _config(connection: Connection, folder: Path) -> Config:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    return config


@contextmanager
def _alone() -> Iterator[Connection]:
    """A connection in one transaction that keeps every other migrating process waiting."""
    if engine().dialect.name == "postgresql":
        with engine().begin() as connection:
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
            yield connection
        return
    with engine().connect().execution_options(sqlite_begin="IMMEDIATE") as connection:
        # Rebuilding a table drops the old one; SQLite would then delete what refers to it. The switch works outside
        # transactions only, so it comes before, and _check_references makes up for it.
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                yield connection
        finally:
            raw.execute("PRAGMA foreign_keys=ON")


def _check_references(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise SettingsError(f"the migration would leave {len(broken)} rows that refer to nothing, first {broken[0]}")


def write_new(message: str, *, folder: Path = MIGRATIONS) -> Path:
    """Write the migration from the database's schema, which must be the newest, to the models."""
    number = sum(1 for _ in ScriptDirectory(folder).walk_revisions()) + 1
    with _alone() as connection:
        script = command.revision(
            _config(connection, folder), message, autogenerate=True, rev_id=f"{number:04d}", head="head"
        )
    assert script is not None and not isinstance(script, list)
    return Path(script.path)


def regenerate_initial(*, folder: Path = MIGRATIONS) -> Path:
    """Write 0001 anew from the models. Only while no database in use was made by it."""
    versions = folder / "versions"
    for old in versions.glob("*.py"):
        old.unlink()
    memory = sa.create_engine("sqlite://")
    with memory.begin() as connection:
        context = MigrationContext.configure(connection, opts=context_options(batch=False))
        body = _initial_body(context)
    path = versions / f"0001_{INITIAL_MESSAGE.replace(' ', '_')}.py"
    path.write_text(body, encoding="utf-8")
    subprocess.run([sys.executable, "-m", "ruff", "format", "--quiet", str(path)], check=True)
    return path


def _initial_body(context: MigrationContext) -> str:
    upgrades = produce_migrations(context, SQLModel.metadata).upgrade_ops
    assert upgrades is not None
    code = render_python_code(upgrades, render_item=_render_item, migration_context=context)
    code = "\n".join(line for line in code.splitlines() if not line.strip().startswith("# ###"))
    return (
        f'"""{INITIAL_MESSAGE}: written by `python -m db.migrate --regenerate`, do not edit"""\n\n'
        "import sqlalchemy as sa\nfrom alembic import op\n\n"
        "from db.migrations.append_only import append_only\n\n"
        'revision = "0001"\ndown_revision = None\nbranch_labels = None\ndepends_on = None\n\n\n'
        f'def upgrade() -> None:\n{code}\n    append_only("event")\n'
    )


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m db.migrate", description="Bring the schema to the newest version.")
    parser.add_argument("--new", metavar="WORDS", help="write the next migration from the models")
    parser.add_argument("--regenerate", action="store_true", help="before the first release: write 0001 anew")
    options = parser.parse_args()
    if options.regenerate:
        outcome = f"wrote {regenerate_initial()}"
    elif options.new:
        outcome = f"wrote {write_new(options.new)}; read it before use"
    else:
        outcome = "the schema is now the newest" if migrate() else "the schema was already the newest"
    sys.stdout.write(outcome + "\n")


if __name__ == "__main__":
    try:
        _main()
    except SettingsError as exc:
        sys.exit(f"error: {exc}")
    except sa.exc.DatabaseError as exc:
        sys.exit(f"error: the database cannot be used: {exc.orig}")
