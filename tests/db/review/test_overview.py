"""The counts that Home shows, on both databases."""

from db.datasets.datasets import create
from db.engine import write
from db.pairs.imported import NewPair, append, finish
from db.review.overview import overview
from db.review.queues import claim_next
from db.studies.comparisons import save_judgement
from db.tables import Export, Job
from proutt_core.types import Overview, VerbatimPair
from tests.db import work


def test_empty_database_counts_nothing(database: str) -> None:
    assert overview() == Overview()


def test_every_count_has_its_own_rows(database: str) -> None:
    ann, ben = work.person("ann", "annotator"), work.person("ben", "annotator")
    job_id = work.finished_run(work.samples(4))
    work.open_queues(job_id)
    queue = work.study(work.samples(3, split="test", name="held out"), members=[ann, ben], people=2)
    for person in (ann, ben):
        claim = claim_next(queue_public_id=queue, user_id=person)
        assert claim is not None
        save_judgement(assignment_id=claim.assignment_id, user_id=person, side="left")
    with write() as session:
        session.add(Job(kind="synthesis", name="next", state="queued"))
        session.add(Job(kind="synthesis", name="gone", state="cancelled"))
        session.add(Job(kind="import", name="file", state="running"))
        session.add(Job(kind="predict", name="p", state="paused"))
        session.add(Job(kind="judge", name="j", state="done"))
        session.add(Job(kind="judge", name="k", state="running"))
        export = {"kind": "sft", "format": "trl", "status": "clean", "path": "x", "rows": 1, "sha256": ""}
        session.add(Export(job_id=job_id, **export))
    assert overview() == Overview(
        datasets=2,
        imports_running=1,
        runs_done=1,
        runs_running=1,
        items=4,
        items_ended=4,
        trees=4,
        pairs=4,
        methods=0,  # the prediction job that work.study writes names no method
        predictions_running=1,
        studies=1,
        studies_open=1,
        answers=2,
        answers_wanted=6,
        judge_runs=1,
        judge_runs_running=1,
        exports=1,
    )


def test_methods_are_counted_once_each(database: str) -> None:
    work.study(work.samples(1, split="test"))
    with write() as session:
        session.add_all(Job(kind="predict", name=f"p{n}", method_id=1 + n % 2, state="done") for n in range(5))
    assert overview().methods == 2


def test_a_dataset_of_pairs_is_work_and_no_dialogues(database: str) -> None:
    dataset_id = create(name="released", public_title="Talk", source="f", settings={}, kind="pairs")
    text = VerbatimPair(prompt="p", chosen="c")
    append(dataset_id, [NewPair(1, text, None, None, "train", "g")])
    finish(dataset_id, format="proutt", report={})
    assert overview() == Overview(pairs=1)
