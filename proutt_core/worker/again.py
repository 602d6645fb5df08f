"""Another run like one that is there: the same settings and samples, other thresholds, the same stored calls."""

from db.jobs import items, jobs
from db.jobs.jobs import Started
from db.synthesis import runs as synthesis
from proutt_core.errors import ConflictError, InputError
from proutt_core.stages import PROMPT_VERSIONS
from proutt_core.types import Thresholds
from proutt_core.worker.synthesis import OTHER_PROMPTS


def start_again(job_id: int, *, run: str, thresholds: Thresholds, created_by: int | None = None) -> Started:
    """Queue a run of that name on as many samples as the first has; only what its branches lack is asked of the model.

    ConflictError where the name is taken, or the prompts have changed since: then nothing could be shared.
    """
    first = jobs.required(job_id)
    if first.dataset_id is None:
        raise InputError(f'the run "{first.name}" has no dataset any more')
    if first.settings["prompts"] != dict(PROMPT_VERSIONS):
        raise ConflictError(OTHER_PROMPTS.format(name=first.name))
    if jobs.find(kind="synthesis", name=run) is not None:
        raise ConflictError(f'a run named "{run}" is already there; choose another name')
    return synthesis.start_run(
        name=run,
        dataset_id=first.dataset_id,
        settings=first.settings | thresholds.model_dump(),
        limit=items.counts(job_id).total,
        concurrency=first.concurrency,
        created_by=created_by,
    )
