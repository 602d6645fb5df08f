"""A database whose jobs tell in words alone why they stand still: each gets the cause that its words said."""

import shutil
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

import db.engine
from db.engine import engine
from db.jobs import jobs
from db.migrate import MIGRATIONS, migrate

AT = datetime(2026, 1, 2, 3, 4, 5)
CASES = [
    ("synthesis", "queued", "", ""),
    ("synthesis", "running", "", ""),
    ("synthesis", "done", "", ""),
    ("synthesis", "paused", "", "person"),  # on the page
    ("synthesis", "paused", "paused on the command line", "person"),
    ("predict", "paused", "stopped on the command line", "person"),  # Ctrl-C
    ("synthesis", "paused", "reached --max-calls 500", "calls"),
    ("synthesis", "paused", "reached --max-cost 5.00 USD", "money"),
    ("synthesis", "paused", "no price is known for m at https://x/v1: add one with `…`; --max-cost needs it", "price"),
    ("judge", "paused", "5 tries in a row got no answer, of 2 items: HTTP 503: down", "server"),
    ("synthesis", "failed", "the key is wrong (HTTP 401)", "refused"),
    ("near_duplicates", "failed", "interrupted: OSError: disk full", "refused"),
    ("import", "failed", "row 3: not JSON", "refused"),
    ("import", "failed", "removed", "person"),
    ("import", "cancelled", "interrupted", "person"),
    ("synthesis", "cancelled", "", "person"),
]


@pytest.fixture
def step_2(empty_database: str, tmp_path: Path) -> sa.Table:
    """The table of jobs as it was, with a job for each case."""
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__", "000[3-9]*"))
    migrate(folder=folder)
    table = sa.Table("job", sa.MetaData(), autoload_with=engine(), resolve_fks=False)
    rows = [
        {"kind": kind, "name": f"job {n}", "public_id": f"j{n}", "state": state, "reason": reason}
        | {"settings": {"seed": n}, "concurrency": 8, "created_at": AT, "progress": n}
        for n, (kind, state, reason, _) in enumerate(CASES)
    ]
    with engine().begin() as connection:
        connection.execute(sa.insert(table), rows)
    return table


def test_every_job_keeps_its_row_and_gets_its_cause(step_2: sa.Table) -> None:
    with engine().connect() as connection:
        before = connection.execute(sa.select(step_2).order_by(step_2.c.id)).all()
    assert migrate() is True
    db.engine.dispose()
    with engine().connect() as connection:
        assert connection.execute(sa.select(step_2).order_by(step_2.c.id)).all() == before
    halts = [(job.state, job.reason, job.halt) for job in reversed(jobs.list_jobs())]
    assert halts == [case[1:] for case in CASES]


def test_the_database_refuses_another_cause(database: str) -> None:
    values = "kind, name, public_id, state, reason, settings, concurrency, created_at, progress, halt"
    row = "'synthesis', 'r', 'j', 'paused', '', '{}', 8, '2026-01-01', 0, 'weather'"
    with pytest.raises(sa.exc.IntegrityError, match="ck_job_halt"), engine().begin() as connection:
        connection.exec_driver_sql(f"INSERT INTO job ({values}) VALUES ({row})")
