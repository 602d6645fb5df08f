"""Whether the database can be used."""

import pytest

import db.engine
from db.engine import engine
from db.health import close, health
from db.migrate import migrate


def test_migrated_database_is_healthy_also_after_letting_go(database: str) -> None:
    assert health() == "ok"
    close()
    assert health() == "ok"


def test_database_without_or_with_other_tables_is_not(empty_database: str) -> None:
    assert health() in ("no database", "other schema")
    migrate()
    assert health() == "ok"
    with engine().begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")
    assert health() == "other schema"


def test_database_that_does_not_answer_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROUTT_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing?connect_timeout=2")
    try:
        assert health() == "no database"
    finally:
        db.engine.dispose()
