"""Fixtures of all tests: fresh databases of both kinds, and the folder of shared third-party data.

`database` runs a test twice, on SQLite and on PostgreSQL; `sqlite` and `empty_database` are its plain relatives.
"""

import itertools
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

import db.engine
from db.migrate import migrate
from tests import postgres

os.environ.setdefault("OMP_NUM_THREADS", "1")

PROJECT = Path(__file__).resolve().parents[1]
BACKENDS = ["sqlite", "postgresql"]
_counter = itertools.count()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Third-party data beside the project; tests that need it are skipped on a clone that stands alone."""
    folder = Path(os.environ.get("PROUTT_SHARED_DATA", PROJECT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no shared data at {folder} (set PROUTT_SHARED_DATA)")
    return folder


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    with postgres.server() as address:
        yield address


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "migrated.db"
    _migrate_at(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> str:
    _create_database(postgres_server, "migrated")
    _migrate_at(f"{postgres_server}/migrated")
    return "migrated"


def _migrate_at(url: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROUTT_DATABASE_URL", url)
        migrate()
        db.engine.dispose()


def _create_database(server: str, name: str, template: str = "template1") -> None:
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')


def _drop_database(server: str, name: str) -> None:
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_template: Path) -> Iterator[str]:
    """A fresh migrated SQLite database; its address is in PROUTT_DATABASE_URL."""
    path = tmp_path / "proutt.db"
    shutil.copy(sqlite_template, path)
    url = f"sqlite:///{path}"
    monkeypatch.setenv("PROUTT_DATABASE_URL", url)
    yield url
    db.engine.dispose()


def _use_postgres(server: str, monkeypatch: pytest.MonkeyPatch, template: str) -> Iterator[str]:
    name = f"test_{os.getpid()}_{next(_counter)}"
    _create_database(server, name, template)
    monkeypatch.setenv("PROUTT_DATABASE_URL", f"{server}/{name}")
    yield f"{server}/{name}"
    db.engine.dispose()
    _drop_database(server, name)


@pytest.fixture(params=BACKENDS)
def database(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A fresh migrated database, once of each kind; its address is in PROUTT_DATABASE_URL."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite")
        return
    server = request.getfixturevalue("postgres_server")
    yield from _use_postgres(server, monkeypatch, request.getfixturevalue("postgres_template"))


@pytest.fixture(params=BACKENDS)
def empty_database(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A database without any table, once of each kind; its address is in PROUTT_DATABASE_URL."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'empty.db'}"
        monkeypatch.setenv("PROUTT_DATABASE_URL", url)
        yield url
        db.engine.dispose()
        return
    yield from _use_postgres(request.getfixturevalue("postgres_server"), monkeypatch, "template1")
