"""What an export reads of a run and its reviews, and what it records; on both databases."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from db.engine import read, write
from db.pairs.going_out import pairs_in_run, record_export, run_id
from db.review.answers import save_pair_review, undo_last
from db.review.queues import claim_next
from db.tables import Assignment, EventRow, Export, ExportRow, PairReview, PreferencePair, QueueItem
from proutt_core.errors import InputError
from proutt_core.export import final_review, final_text, goes_out, standing
from proutt_core.traces.as_text import parse_trace
from proutt_core.types import ReviewedPair
from tests.db import work

pytestmark = pytest.mark.usefixtures("database")

EDITED = work.trace(("Which week is best for the maples?", "Is it crowded on Sundays?"))
BETTER = work.trace(("Are the maples red by Sunday?", "Is it crowded on Sundays?"))


@pytest.fixture
def job_id() -> int:
    made = work.finished_run(work.samples(4))
    work.open_queues(made)
    with write() as session:
        session.execute(sa.update(QueueItem).where(col(QueueItem.pair_id).is_not(None)).values(people=2))
    return made


@pytest.fixture
def ann() -> int:
    return work.person("ann", "annotator")


@pytest.fixture
def ben() -> int:
    return work.person("ben", "annotator")


def reviewed_pairs(job_id: int) -> Iterator[ReviewedPair]:
    return (stored.whole() for stored in pairs_in_run(job_id))


def claimed(job_id: int, user: int) -> tuple[str, int]:
    """The next pair's assignment, and the pair's id."""
    claim = claim_next(queue_public_id=work.queue_of(kind="pair", job_id=job_id), user_id=user)
    assert claim is not None
    with read() as session:
        pair_id = session.exec(
            select(QueueItem.pair_id)
            .join(Assignment, col(Assignment.queue_item_id) == QueueItem.id)
            .where(Assignment.public_id == claim.assignment_id)
        ).one()
    assert pair_id is not None
    return claim.assignment_id, pair_id


def by_id(job_id: int) -> dict[int, ReviewedPair]:
    return {pair.pair_id: pair for pair in reviewed_pairs(job_id)}


def test_unreviewed_pairs_come_in_the_runs_order_with_context_and_traces(job_id: int) -> None:
    pairs = list(reviewed_pairs(job_id))
    assert [pair.external_id for pair in pairs] == ["d0000", "d0001", "d0002", "d0003"]
    for n, pair in enumerate(pairs):
        assert (pair.context, pair.chosen, pair.split) == (work.context(n), work.trace(), "train")
        assert pair.rejected is not None
        assert pair.rejected != pair.chosen
        assert (pair.verbatim, pair.reviews, pair.gates_failed, pair.imported) == (None, (), (), False)


def test_an_edit_goes_out_although_a_second_person_approved_the_pair_as_it_was(job_id: int, ann: int, ben: int) -> None:
    assignment, pair_id = claimed(job_id, ann)
    save_pair_review(assignment_id=assignment, user_id=ann, answer="approve", chosen=EDITED)
    assignment, same = claimed(job_id, ben)
    assert same == pair_id
    save_pair_review(assignment_id=assignment, user_id=ben, answer="approve")
    pair = by_id(job_id)[pair_id]
    assert [(r.answer, r.chosen, r.rejected) for r in pair.reviews] == [
        ("approve", EDITED, None),
        ("approve", None, None),
    ]
    text = final_text(pair)
    assert parse_trace(text.chosen) == EDITED
    assert parse_trace(text.rejected) == pair.rejected


def test_a_withdrawn_edit_is_as_if_it_had_not_been_and_the_next_one_counts(job_id: int, ann: int) -> None:
    assignment, pair_id = claimed(job_id, ann)
    save_pair_review(assignment_id=assignment, user_id=ann, answer="approve", chosen=EDITED)
    assert undo_last(queue_public_id=work.queue_of(kind="pair", job_id=job_id), user_id=ann)
    assert by_id(job_id)[pair_id].reviews == ()
    again, same = claimed(job_id, ann)
    assert same == pair_id
    save_pair_review(assignment_id=again, user_id=ann, answer="approve", chosen=BETTER)
    (review,) = by_id(job_id)[pair_id].reviews
    assert review.chosen == BETTER
    with read() as session:
        revisions = session.exec(
            select(PairReview.revision, PairReview.answer).order_by(col(PairReview.revision))
        ).all()
    assert revisions == [(1, "approve"), (2, "withdrawn"), (3, "approve")]


def test_what_is_rejected_or_disputed_does_not_go_out(job_id: int, ann: int, ben: int) -> None:
    assignment, rejected = claimed(job_id, ann)
    save_pair_review(assignment_id=assignment, user_id=ann, answer="reject")
    assignment, disputed = claimed(job_id, ann)
    save_pair_review(assignment_id=assignment, user_id=ann, answer="approve", chosen=EDITED)
    for answer in ("approve", "reject"):  # ben sees the same two, in the same order
        assignment, pair_id = claimed(job_id, ben)
        assert pair_id == (rejected if answer == "approve" else disputed)
        save_pair_review(assignment_id=assignment, user_id=ben, answer=answer)  # type: ignore[arg-type]
    pairs = by_id(job_id)
    assert {pair_id: standing(pairs[pair_id].reviews) for pair_id in (rejected, disputed)} == {
        rejected: "disputed",
        disputed: "disputed",
    }
    assert [pair_id for pair_id, pair in pairs.items() if not goes_out(pair, "all")] == sorted([rejected, disputed])
    assert [pair_id for pair_id, pair in pairs.items() if goes_out(pair, "approved")] == []


def test_a_surplus_answer_counts_nowhere(job_id: int, ann: int) -> None:
    assignment, pair_id = claimed(job_id, ann)
    save_pair_review(assignment_id=assignment, user_id=ann, answer="approve", chosen=EDITED)
    with write() as session:
        session.execute(sa.update(Assignment).where(col(Assignment.public_id) == assignment).values(state="surplus"))
    assert by_id(job_id)[pair_id].reviews == ()


@pytest.mark.parametrize("nothing", [sa.null(), sa.text("'null'")], ids=["SQL NULL", "JSON null"])
def test_both_kinds_of_null_mean_as_synthesised(job_id: int, ann: int, nothing: sa.ColumnElement[None]) -> None:
    assignment, pair_id = claimed(job_id, ann)
    save_pair_review(assignment_id=assignment, user_id=ann, answer="approve", chosen=EDITED)
    with write() as session:
        session.execute(sa.update(PairReview).values(chosen=nothing, rejected=nothing))
        session.execute(sa.update(PreferencePair).values(verbatim=nothing))
    pair = by_id(job_id)[pair_id]
    assert pair.verbatim is None
    assert [(r.chosen, r.rejected) for r in pair.reviews] == [(None, None)]
    assert parse_trace(final_text(pair).chosen) == work.trace()


def test_gates_of_a_pair_are_named_and_hold_it_back_until_a_person_approves(job_id: int, ann: int) -> None:
    assignment, pair_id = claimed(job_id, ann)
    with write() as session:
        failed = [{"gate": "leaked_utterance", "detail": "x"}]
        session.execute(sa.update(PreferencePair).where(col(PreferencePair.id) == pair_id).values(gates_failed=failed))
    assert by_id(job_id)[pair_id].gates_failed == ("leaked_utterance",)
    assert not goes_out(by_id(job_id)[pair_id], "all")
    save_pair_review(assignment_id=assignment, user_id=ann, answer="approve")
    assert goes_out(by_id(job_id)[pair_id], "approved")
    assert not goes_out(by_id(job_id)[pair_id], "clean")


def test_a_run_larger_than_a_batch_comes_whole_and_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.pairs.going_out.BATCH", 3)
    made = work.finished_run(work.samples(8))
    assert [pair.external_id for pair in reviewed_pairs(made)] == [f"d{n:04}" for n in range(8)]


def test_an_export_is_recorded_with_its_rows_and_an_event(job_id: int, ann: int) -> None:
    assignment, pair_id = claimed(job_id, ann)
    save_pair_review(assignment_id=assignment, user_id=ann, answer="approve", chosen=EDITED)
    review = final_review(by_id(job_id)[pair_id])
    assert review is not None
    other = next(number for number in by_id(job_id) if number != pair_id)
    export_id = record_export(
        job_id=job_id,
        kind="preference",
        format="trl",
        status="all",
        path="out.jsonl",
        sha256="0" * 64,
        sent=[(pair_id, review.review_id), (other, None)],
        user_id=ann,
    )
    with read() as session:
        export = session.get_one(Export, export_id)
        rows = session.exec(
            select(ExportRow.pair_id, ExportRow.review_id).where(ExportRow.export_id == export_id)
        ).all()
        event = session.exec(select(EventRow).where(EventRow.kind == "export")).one()
    assert (export.rows, export.created_by) == (2, ann)
    assert set(rows) == {(pair_id, review.review_id), (other, None)}
    assert (event.user_id, event.subject, event.detail["rows"]) == (ann, "out.jsonl", 2)


def test_an_unknown_run_is_refused_with_those_there_are(job_id: int) -> None:
    assert run_id("run-1") == job_id
    with pytest.raises(InputError, match=r'no synthesis run is named "runs"; there are: run-1'):
        run_id("runs")
