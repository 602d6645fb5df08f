"""What processes note of a job's calls adds up, on both databases."""

from db.engine import write
from db.jobs.jobs import job_for
from db.jobs.usage import StageUsage, add, of_job


def a_job(name: str) -> int:
    with write() as session:
        job = job_for(session, kind="synthesis", name=name, settings={})
        assert job.id is not None
        return job.id


def test_usage_of_processes_stages_and_models_adds_up(database: str) -> None:
    job, other = a_job("one"), a_job("two")
    tree = StageUsage(
        "intent_tree", "m-1", "up", calls=2, valid_calls=1, prompt_tokens=30, cached_tokens=16, seconds=0.5
    )
    with write() as session:
        add(session, job_id=job, process="p", usages=[tree])
        add(session, job_id=job, process="p", usages=[tree])
        add(session, job_id=job, process="q", usages=[tree])
        add(session, job_id=job, process="q", usages=[StageUsage("intent_tree", "m-2", cached_calls=7)])
        add(session, job_id=other, process="q", usages=[StageUsage("insight", "m-1", calls=1, unmetered_calls=1)])
    assert of_job(job) == (
        StageUsage("intent_tree", "m-1", "up", calls=6, valid_calls=3, prompt_tokens=90, cached_tokens=48, seconds=1.5),
        StageUsage("intent_tree", "m-2", cached_calls=7),
    )
    assert [usage.calls for usage in of_job(other)] == [1]
    assert of_job(4711) == ()
