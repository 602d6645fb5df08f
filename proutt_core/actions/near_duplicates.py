"""Searching for near-duplicates in this process."""

from db.datasets import datasets, near_duplicates
from db.jobs import jobs
from proutt_core.errors import ConflictError
from proutt_core.jobs.kinds.near_duplicates import search
from proutt_core.jobs.stopping import JobStopped
from proutt_core.jobs.whole_job import Progress, claim_whole_job


def find_now(
    *, dataset: str, threshold: float, progress: Progress | None = None
) -> near_duplicates.NearDuplicateSummary:
    """Search in this process and wait for the result."""
    job_id = near_duplicates.queue(dataset_id=datasets.required(dataset).id, threshold=threshold)
    claim = claim_whole_job(job_id, progress=progress)
    if claim is None:
        raise ConflictError(f'a worker has begun to search "{dataset}"; its page shows what it finds')
    job = jobs.required(job_id)
    try:
        search(job, claim)
    except JobStopped as exc:
        raise ConflictError(f'the search in "{dataset}" was stopped ({exc.state})') from exc
    assert job.dataset_id is not None
    return near_duplicates.summary(job.dataset_id)
