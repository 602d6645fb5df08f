"""The table of job kinds: what a row names is there, and a row is all that the rest of the product reads."""

import inspect
from pathlib import Path
from pkgutil import resolve_name
from typing import get_args

import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from db.engine import engine, write
from db.jobs.calls import ITEM_COLUMNS
from db.jobs.items import TABLES
from db.jobs.jobs import JobInfo
from db.tables import ClaimableItem, ItemCall, Job
from proutt_core.jobs.whole_job import WholeJobClaim
from proutt_core.types.job_kinds import KINDS, JobKind, KindOfJob

PROJECT = Path(__file__).resolve().parents[2]
every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))


def test_every_kind_has_a_row() -> None:
    assert tuple(KINDS) == get_args(JobKind)


@every_kind
def test_the_function_that_does_the_work_is_there_and_is_of_its_form(kind: KindOfJob) -> None:
    run = resolve_name(kind.run)
    parameters = inspect.signature(run).parameters
    assert inspect.iscoroutinefunction(run) is not kind.whole
    if kind.whole:
        assert [parameter.annotation for parameter in parameters.values()] == [JobInfo, WholeJobClaim]
    else:
        assert list(parameters) == ["job_id", "shared", "concurrency"]


@every_kind
def test_what_follows_from_completion_is_there_and_only_of_items(kind: KindOfJob) -> None:
    if kind.completed is not None:
        assert not kind.whole
        parameters = inspect.signature(resolve_name(kind.completed)).parameters.values()
        assert [parameter.annotation for parameter in parameters] == [Session, int]


def test_every_table_of_items_belongs_to_one_kind_and_item_call_refers_to_it() -> None:
    assert sorted(TABLES) == sorted(name for name, kind in KINDS.items() if not kind.whole)
    assert set(TABLES.values()) == set(ClaimableItem.__subclasses__())
    columns = sa.inspect(ItemCall).local_table.c
    for name, table in TABLES.items():
        (reference,) = columns[ITEM_COLUMNS[name]].foreign_keys
        assert reference.column.table.name == table.__tablename__


def test_the_replies_of_a_judge_are_never_shown() -> None:
    """They say who won, which nobody may know while the study is open."""
    assert not KINDS["judge"].replies_shown


def test_the_database_takes_every_kind_of_the_table_and_no_other(database: str) -> None:
    with write() as session:
        session.add_all(Job(kind=kind, name="j") for kind in KINDS)
    with write() as session:
        assert set(session.exec(select(Job.kind))) == set(KINDS)
    with pytest.raises(sa.exc.IntegrityError, match="ck_job_kind"), engine().begin() as connection:
        connection.exec_driver_sql("UPDATE job SET kind = 'walk'")


def test_the_engine_knows_no_kind_by_import() -> None:
    for path in (PROJECT / "proutt_core/jobs").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert "proutt_core.jobs.kinds" not in text and "proutt_core.actions" not in text, path.name
