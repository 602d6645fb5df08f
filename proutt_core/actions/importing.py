"""Importing a file, now or by a worker, and forgetting what an unfinished import left."""

from db.datasets import datasets, imports
from db.jobs import jobs
from proutt_core.dialogues import ImportReport
from proutt_core.dialogues.pairs.report import PairReport
from proutt_core.dialogues.uploads import remove_uploads
from proutt_core.errors import ConflictError
from proutt_core.jobs.kinds.importing import ImportRequest, Say, run_import, source_of, unfinished_same
from proutt_core.jobs.kinds.resumed_import import sha256_of, unfinished_import
from proutt_core.jobs.process_resources import lease_s
from proutt_core.jobs.stopping import JobStopped
from proutt_core.jobs.whole_job import Progress, WholeJobClaim, claim_whole_job
from proutt_core.types.halts import Standstill


def queue_import(request: ImportRequest, *, created_by: int | None = None) -> int:
    """Leave the import to a worker; its job's id. A file or a name that cannot be used is refused at once."""
    _check(request)
    job_id, _ = imports.queue_import(name=request.dataset, settings=request.to_stored(), created_by=created_by)
    return job_id


def import_now(
    request: ImportRequest, *, progress: Progress | None = None, say: Say = lambda told: None
) -> ImportReport | PairReport:
    """Import in this process, or resume an unfinished import, which `say` announces. Raises ProuttError."""
    _check(request)
    job_id, token = imports.queue_import(name=request.dataset, settings=request.to_stored(), claim_for_s=lease_s())
    assert token is not None
    try:
        return run_import(request, WholeJobClaim(job_id, token, progress), say)
    except JobStopped as exc:
        raise ConflictError(f'the import of "{request.dataset}" was stopped ({exc.state})') from exc


def forget_import(dataset: str) -> bool:
    """Remove what an unfinished import of this name left, and the file that was uploaded for it. True if there was
    anything. ConflictError while the import is under way."""
    job = jobs.find(kind="import", name=dataset)
    if job is None:
        return datasets.remove_unfinished(dataset)
    claim = claim_whole_job(job.id)
    if claim is None and job.active:
        raise ConflictError(f'"{dataset}" is being imported at this moment; cancel that first')
    removed = datasets.remove_unfinished(dataset)
    if claim is not None:
        claim.finish("failed", Standstill("person", "removed"))
    return remove_uploads(ImportRequest.from_stored(job.settings, dataset=dataset).paths) or removed


def _check(request: ImportRequest) -> None:
    datasets.require_free(request.dataset)
    datasets.require_public(request.public_title)
    source = source_of(request)
    left = unfinished_import(request.dataset)
    if left is not None and not left.held:
        unfinished_same(request, source, sha256_of(*source.paths))
