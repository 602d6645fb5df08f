"""A database of the first version, with its rows, becomes one of this version: every row is kept, usage is counted."""

import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import db.engine
from db.engine import engine
from db.jobs import usage
from db.jobs.usage import StageUsage
from db.migrate import MIGRATIONS, migrate

AT = datetime(2026, 1, 2, 3, 4, 5)
PLAIN: dict[type[object], object] = {
    sa.JSON: {},
    sa.DateTime: AT,
    sa.Boolean: True,
    sa.Integer: 0,
    sa.Float: 0.0,
    sa.LargeBinary: b"",
    sa.String: "",
}

# What matters here; every other column that must hold something holds something plain.
CALL = {"valid": True, "superseded": False, "stage": "insight", "answered_by": "m-1"}
ROWS: Sequence[tuple[str, dict[str, Any]]] = (
    ("event", {"id": 1, "kind": "export", "subject": "a run"}),
    ("dataset", {"id": 1, "name": "talks", "state": "ready"}),
    ("dialogue", {"id": 1, "dataset_id": 1, "split": "train", "messages": [{"role": "user", "content": "北京?"}]}),
    ("sample", {"id": 1, "dialogue_id": 1}),
    ("job", {"id": 1, "kind": "synthesis", "name": "first", "public_id": "j1", "state": "done", "dataset_id": 1}),
    ("job", {"id": 2, "kind": "synthesis", "name": "second", "public_id": "j2", "state": "paused", "dataset_id": 1}),
    ("synthesis_item", {"id": 1, "job_id": 1, "sample_id": 1, "state": "done"}),
    ("synthesis_item", {"id": 2, "job_id": 2, "sample_id": 1, "state": "waiting"}),
    ("preference_pair", {"id": 1, "public_id": "p1", "job_id": 1, "item_id": 1, "split": "train", "branch": "mid"}),
    ("queue", {"id": 1, "public_id": "q1", "kind": "pair", "state": "open", "job_id": 1, "public_title": "Pairs"}),
    ("export", {"id": 1, "public_id": "e1", "job_id": 1, "kind": "sft"}),
    ("llm_call", CALL | {"id": 1, "key": "a", "prompt_tokens": 90, "cached_tokens": 60, "completion_tokens": 7}),
    ("llm_call", CALL | {"id": 2, "key": "b", "valid": False, "prompt_tokens": 10, "completion_tokens": 3}),
    ("llm_call", CALL | {"id": 3, "key": "c"}),
    ("item_call", {"id": 1, "call_id": 1, "synthesis_item_id": 1, "stage": "insight", "from_cache": False}),
    ("item_call", {"id": 2, "call_id": 2, "synthesis_item_id": 1, "stage": "insight", "from_cache": False}),
    ("item_call", {"id": 3, "call_id": 3, "synthesis_item_id": 1, "stage": "insight", "from_cache": False}),
    ("item_call", {"id": 4, "call_id": 1, "synthesis_item_id": 2, "stage": "insight", "from_cache": True}),
)


def reflected() -> dict[str, sa.Table]:
    metadata = sa.MetaData()
    metadata.reflect(engine())
    return metadata.tables | {}


def everything(tables: dict[str, sa.Table]) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of these tables, in the columns that they had when they were reflected."""
    with engine().connect() as connection:
        return {
            name: [tuple(row) for row in connection.execute(sa.select(table).order_by(*table.primary_key))]
            for name, table in tables.items()
            if name != "alembic_version"
        }


@pytest.fixture
def step_1(empty_database: str, tmp_path: Path) -> dict[str, sa.Table]:
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__", "000[2-9]*"))
    migrate(folder=folder)
    tables = reflected()
    with engine().begin() as connection:
        for name, row in ROWS:
            needed = [column for column in tables[name].columns if not column.nullable and column.name != "id"]
            plain = {
                column.name: next(value for kind, value in PLAIN.items() if isinstance(column.type, kind))
                for column in needed
            }
            connection.execute(sa.insert(tables[name]), [plain | row])
    return tables


def test_every_row_is_kept_and_what_points_at_it_still_does(step_1: dict[str, sa.Table]) -> None:
    before = everything(step_1)
    assert sum(map(len, before.values())) == len(ROWS)
    assert migrate() is True
    db.engine.dispose()
    assert everything(step_1) == before
    with engine().connect() as connection:
        new = reflected()
        assert connection.execute(sa.select(*new["dataset"].c["kind", "redistributable"])).all() == [
            ("dialogues", True)
        ]
        assert connection.execute(sa.select(*new["job"].c["max_calls", "max_cost"])).all() == [(None, None)] * 2
    for statement, refused in (
        ("DELETE FROM event", "append-only"),
        ("UPDATE event SET kind = 'x'", "append-only"),
        ("DELETE FROM dataset", "(?i)foreign key"),
        ("DELETE FROM llm_call", "(?i)foreign key"),
        ("UPDATE job SET kind = 'x'", "ck_job_kind"),
        ("UPDATE job SET name = 'x'", "(?i)unique"),
        ("UPDATE dataset SET kind = 'x'", "ck_dataset_kind"),
        ("UPDATE synthesis_item SET state = 'x'", "ck_synthesis_item_state"),
        ("UPDATE llm_call SET key = 'a', valid = true", "(?i)unique"),
    ):
        with pytest.raises(sa.exc.DBAPIError, match=refused), engine().begin() as connection:
            connection.exec_driver_sql(statement)


def test_what_earlier_runs_used_is_counted_from_their_calls(step_1: dict[str, sa.Table]) -> None:
    migrate()
    assert usage.of_job(1) == (
        StageUsage(
            stage="insight",
            answered_by="m-1",
            calls=3,
            valid_calls=2,
            prompt_tokens=100,
            cached_tokens=60,
            completion_tokens=10,
            unmetered_calls=1,
        ),
    )
    assert usage.of_job(2) == (StageUsage(stage="insight", answered_by="m-1", cached_calls=1),)
