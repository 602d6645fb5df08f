"""Starting a synthesis run: anew, resumed, or like another one with other thresholds."""

from dataclasses import replace

from db.datasets import datasets
from db.jobs import items, jobs
from db.jobs.jobs import JobInfo, Started
from db.synthesis import runs as synthesis
from proutt_core.errors import ConflictError, InputError
from proutt_core.jobs.bills import billing_day, required_rates
from proutt_core.runs.request import RunRequest, RunSettings
from proutt_core.synthesis.stages import older_prompts
from proutt_core.types import Thresholds

OTHER_PROMPTS = (
    'the run "{name}" was made with other versions of the prompts than this program has; what it made stays as it is,'
    " and the rest needs a new run under another name"
)
PILOT = 20  # dialogues of the first run of anything new: the first of the seeded order


def start_synthesis(request: RunRequest, *, created_by: int | None = None) -> Started:
    """Make the run, or resume the one of that name, and queue it. Nothing is sent anywhere yet.

    ConflictError naming the settings that differ where the run was started with others, or where `fresh` is asked of a
    run that is not. SettingsError where a limit in money is given and no price is known.
    """
    request.model.require_usable()
    earlier = jobs.find(kind="synthesis", name=request.run)
    if earlier is not None:
        _require_same_prompts(earlier)
    settings = settings_for(request, earlier)
    if request.max_cost is not None:
        required_rates(address=settings.address, model=settings.model_name, on=billing_day(earlier))
    if earlier is not None and request.fresh:
        _require_fresh(earlier, settings)
    return synthesis.start_run(
        name=request.run,
        dataset_id=datasets.required(request.dataset).id,
        settings=settings.to_stored(),
        limit=request.limit,
        concurrency=request.concurrency,
        max_calls=request.max_calls,
        max_cost=request.max_cost,
        created_by=created_by,
    )


def settings_for(request: RunRequest, earlier: JobInfo | None) -> RunSettings:
    """What the run is frozen to, now or since it began as `earlier`. A run keeps its generation and its versions of the
    prompts, also when it is resumed; a new run opens the next generation with `fresh`, and otherwise shares the newest,
    with the replies paid last."""
    settings = RunSettings.of(request)
    if earlier is not None:
        began_as = RunSettings.from_stored(earlier.settings)
        return replace(settings, generation=began_as.generation, prompts=began_as.prompts)
    newest = max(synthesis.generations(address=settings.address, model=settings.model_name), default=0)
    return replace(settings, generation=newest + 1 if request.fresh else newest)


def _require_same_prompts(run: JobInfo) -> None:
    if older_prompts(RunSettings.from_stored(run.settings).prompts) is None:
        raise ConflictError(OTHER_PROMPTS.format(name=run.name))


def _require_fresh(run: JobInfo, settings: RunSettings) -> None:
    """Only a run that opened its generation is fresh."""
    generations = synthesis.generations(address=settings.address, model=settings.model_name)
    if generations.get(settings.generation) != run.name:
        raise ConflictError(
            f'the run "{run.name}" was not started with --fresh and keeps the calls that it has; choose another name'
            " to ask everything anew"
        )


def start_with_thresholds(job_id: int, *, run: str, thresholds: Thresholds, created_by: int | None = None) -> Started:
    """Queue a run of that name on as many samples as the first has; only what its branches lack is asked of the model.

    ConflictError where the name is taken, or the prompts have changed since: then nothing could be shared.
    """
    first = jobs.required(job_id)
    if first.dataset_id is None:
        raise InputError(f'the run "{first.name}" has no dataset any more')
    _require_same_prompts(first)
    if jobs.find(kind="synthesis", name=run) is not None:
        raise ConflictError(f'a run named "{run}" is already there; choose another name')
    settings = replace(RunSettings.from_stored(first.settings), thresholds=thresholds)
    return synthesis.start_run(
        name=run,
        dataset_id=first.dataset_id,
        settings=settings.to_stored(),
        limit=items.counts(job_id).total,
        concurrency=first.concurrency,
        created_by=created_by,
    )
