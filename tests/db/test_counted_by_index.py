"""What pages count whenever they are drawn is counted in an index: the rows themselves are long."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col

from db.datasets import datasets, dialogues, personal_data
from db.engine import engine, write
from db.jobs import items, progress
from db.synthesis import runs, similarities
from db.synthesis.items import browse_items
from db.tables import Job, PreferencePair, SynthesisItem
from tests.db.work import finished_run, samples


@pytest.fixture
def job_id(sqlite: str) -> int:
    """A run of 300 items, all done, and what SQLite knows about how many of what kind there are."""
    made = finished_run(samples(300))
    with write() as session:
        session.connection().exec_driver_sql("ANALYZE")
    return made


@pytest.fixture
def plans(job_id: int) -> Iterator[Callable[[], list[str]]]:
    """How SQLite looks up dialogues and items in what was asked since the test began, and where it sorts."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    def planned() -> list[str]:
        with engine().connect() as connection:
            lines = [
                row[3]
                for statement, parameters in list(asked)
                for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            ]
        about = (" dialogue ", " synthesis_item ", " preference_pair ", "FOR ORDER BY")
        return [line for line in lines if any(words in line for words in about)]

    sa.event.listen(engine(), "before_cursor_execute", note)
    yield planned
    sa.event.remove(engine(), "before_cursor_execute", note)


def test_datasets_are_counted_by_index(plans: Callable[[], list[str]]) -> None:
    (dataset,) = datasets.list_ready()
    assert (dataset.dialogues_by_split, dataset.samples_by_split) == ({"train": 300}, {"train": 300})
    assert dialogues.languages(dataset.id) == {"en": 300}
    assert personal_data.summary(dataset.id).unchecked == 300
    lookups = [line for line in plans() if "FOR ORDER BY" not in line]
    assert len(lookups) >= 4
    assert all("USING COVERING INDEX" in line for line in lookups), lookups


def test_a_run_is_summed_up_by_index(job_id: int, plans: Callable[[], list[str]]) -> None:
    assert runs.summary(job_id).branches == {"high": 0, "mid": 300, "low": 0}
    assert runs.overlaps(job_id) == {}
    assert len(similarities.of_run(job_id)) == items.counts(job_id).done == 300
    assert progress.counts_by_job("synthesis")[job_id].done == 300
    of_pairs = [line for line in plans() if " preference_pair " in line]
    assert of_pairs == ["SEARCH preference_pair USING INDEX ix_preference_pair_gates (job_id=?)"]
    of_items = [line for line in plans() if " synthesis_item " in line]
    assert len(of_items) >= 5
    assert all("USING COVERING INDEX" in line for line in of_items), of_items


def test_pairs_that_failed_a_gate_are_found_by_index(job_id: int, plans: Callable[[], list[str]]) -> None:
    with write() as session:
        failed = [{"gate": "leaked_utterance", "detail": ""}]
        session.exec(sa.update(PreferencePair).where(col(PreferencePair.id) == 7).values(gates_failed=failed))
    assert browse_items(job_id, gate_failed=True).total == 1
    assert runs.summary(job_id).gate_failures == {"leaked_utterance": 1}
    assert runs.summary(job_id).clean == 299
    assert any("ix_preference_pair_gates" in line for line in plans()), plans()


def test_free_items_are_found_in_their_order(job_id: int, plans: Callable[[], list[str]]) -> None:
    with write() as session:
        session.exec(sa.update(Job).values(state="running"))
        session.exec(sa.update(SynthesisItem).values(state="waiting"))
    assert [claim.position for claim in items.claim(job_id=job_id, n=3, lease_s=60)] == [0, 1, 2]
    assert all("USING INDEX ix_synthesis_item_claim" in line for line in plans()), plans()
