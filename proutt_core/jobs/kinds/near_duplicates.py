"""Finding near-duplicates: by the command line, or by the worker. A job that is claimed whole and, broken off, starts
over: reading 100,000 dialogues again costs about a minute and no call of a model."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from db.datasets import near_duplicates
from db.jobs import jobs, whole
from proutt_core.dialogues.near_duplicates import Index, shingles
from proutt_core.errors import ConflictError, ProuttError
from proutt_core.jobs.process_resources import lease_s
from proutt_core.jobs.stopping import JobStopped
from proutt_core.jobs.whole_job import WholeJobClaim

BATCH = 200
SETS_KEPT = 500  # shingle sets of dialogues that are compared again and again


def run_near_duplicates_job(job: jobs.JobInfo, *, stopping: Callable[[], bool]) -> None:
    """A worker's part: take the job, unless somebody has it, and search. `stopping`: this process is to end."""
    token = whole.claim_whole(job.id, lease_s=lease_s())
    if token is None:
        return
    try:
        search(job, WholeJobClaim(job.id, token, stopping=stopping))
    except JobStopped:
        return  # the job's state says it


def search(job: jobs.JobInfo, held: WholeJobClaim) -> None:
    try:
        _search(job, held)
    except JobStopped:
        held.end("queued")  # a worker that ends leaves it to the next; a cancelled or paused job stays so
        raise
    except ProuttError as exc:
        held.end("failed", str(exc))
        raise
    except BaseException as exc:
        held.end("failed", f"interrupted: {type(exc).__name__}: {exc}")
        raise
    held.end("done")


def _search(job: jobs.JobInfo, held: WholeJobClaim) -> None:
    if job.dataset_id is None:
        raise ConflictError(f'the dataset "{job.name}" was removed')
    near_duplicates.clear(job.dataset_id)
    index = Index(float(job.settings["threshold"]))
    ids: list[int] = []
    for dialogue_id, text in _texts(job.dataset_id):
        held.still(len(ids))
        index.add(shingles(text))
        ids.append(dialogue_id)

    @lru_cache(SETS_KEPT)
    def one(dialogue_id: int) -> frozenset[str]:
        return shingles(near_duplicates.texts_of([dialogue_id])[dialogue_id])

    def shingles_of(positions: Sequence[int]) -> list[frozenset[str]]:
        return [one(ids[position]) for position in positions]

    found = index.copies(shingles_of, lambda: held.still(len(ids)))
    near_duplicates.add(job.dataset_id, [(ids[copy], ids[like], similarity) for copy, like, similarity in found])


def _texts(dataset_id: int) -> Iterator[tuple[int, str]]:
    for split in near_duplicates.ORDER:
        after = 0
        while batch := near_duplicates.texts(dataset_id, split=split, after=after, limit=BATCH):
            yield from batch
            after = batch[-1][0]
