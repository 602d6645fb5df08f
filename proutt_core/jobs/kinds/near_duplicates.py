"""Finding near-duplicates: by the command line, or by the worker. A whole job that, broken off, starts over: reading
100,000 dialogues again costs about a minute and no call of a model."""

from collections.abc import Iterator, Sequence
from functools import lru_cache

from db.datasets import near_duplicates
from db.jobs.jobs import JobInfo
from db.stored_settings import threshold_of
from proutt_core.dialogues.near_duplicates import Index, shingles
from proutt_core.errors import ConflictError
from proutt_core.jobs.whole_job import WholeJobClaim

BATCH = 200
SETS_KEPT = 500  # shingle sets of dialogues that are compared again and again


def search(job: JobInfo, claim: WholeJobClaim) -> None:
    """Search, and leave what it found with the dataset."""
    with claim:
        _search(job, claim)


def _search(job: JobInfo, claim: WholeJobClaim) -> None:
    if job.dataset_id is None:
        raise ConflictError(f'the dataset "{job.name}" was removed')
    near_duplicates.clear(job.dataset_id)
    index = Index(threshold_of(job.settings))
    ids: list[int] = []
    for dialogue_id, text in _texts(job.dataset_id):
        claim.renew(len(ids))
        index.add(shingles(text))
        ids.append(dialogue_id)

    @lru_cache(SETS_KEPT)
    def shingles_of_dialogue(dialogue_id: int) -> frozenset[str]:
        return shingles(near_duplicates.texts_of([dialogue_id])[dialogue_id])

    def shingles_of(positions: Sequence[int]) -> list[frozenset[str]]:
        return [shingles_of_dialogue(ids[position]) for position in positions]

    copies = index.copies(shingles_of, lambda: claim.renew(len(ids)))
    near_duplicates.add(job.dataset_id, [(ids[copy], ids[like], similarity) for copy, like, similarity in copies])


def _texts(dataset_id: int) -> Iterator[tuple[int, str]]:
    for split in near_duplicates.ORDER:
        after = 0
        while batch := near_duplicates.texts(dataset_id, split=split, after=after, limit=BATCH):
            yield from batch
            after = batch[-1][0]
