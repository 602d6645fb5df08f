"""Starting a synthesis run: anew, resumed, or like another one with other thresholds."""

from collections.abc import Collection
from typing import Any

from db.datasets import datasets
from db.jobs import items, jobs
from db.jobs.jobs import JobInfo, Started
from db.synthesis import runs as synthesis
from proutt_core.errors import ConflictError, InputError
from proutt_core.jobs.bills import billing_day, required_rates
from proutt_core.llm.model import Model
from proutt_core.llm.providers.model_ref import choose_model
from proutt_core.llm.providers.openrouter import pinned_in
from proutt_core.synthesis.stages import PROMPT_VERSIONS
from proutt_core.synthesis.synthesise import run_settings
from proutt_core.types import PARTS, Part, Thresholds

DEFAULT_THRESHOLDS = Thresholds()
OTHER_PROMPTS = (
    'the run "{name}" was made with other versions of the prompts than this program has; what it made stays as it is,'
    " and the rest needs a new run under another name"
)
PILOT = 20  # dialogues of the first run of anything new: the first of the seeded order


def start_synthesis(
    *,
    dataset: str,
    run: str,
    model: str = "rules",
    base_url: str | None = None,
    upstream: str | None = None,
    split: str = "train",
    seed: int = 0,
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
    without: Collection[Part] = (),
    fresh: bool = False,
    limit: int | None = None,
    concurrency: int = 8,
    max_calls: int | None = None,
    max_cost: float | None = None,
    created_by: int | None = None,
) -> Started:
    """Make the run, or go on with the one of that name, and queue it. Nothing is sent anywhere yet.

    `without` leaves parts of the method out. `fresh` starts a new generation of calls at this address and model: no
    stored reply answers. Later runs there share the newest generation, what was paid last; a run keeps its own, also
    when it is resumed. `max_calls` and `max_cost` (in the currency of the model's price) pause the run before it makes
    or pays more; they count what the run spent before, and None leaves the limit that it has.

    ConflictError naming the settings that differ where the run was started with others, or where it is to become fresh
    and is not. SettingsError where a limit in money is given and no price is known. InputError for an unknown part.
    """
    unknown = sorted(set(without) - set(PARTS))
    if unknown:
        raise InputError(f"the parts of the method are {', '.join(PARTS)}; got {', '.join(unknown)}")
    chosen = choose_model(model, base_url=base_url, upstream=upstream)
    there = jobs.find(kind="synthesis", name=run)
    if there is not None and there.settings["prompts"] != dict(PROMPT_VERSIONS):
        raise ConflictError(OTHER_PROMPTS.format(name=run))
    if max_cost is not None:
        required_rates(address=chosen.address, model=chosen.name, on=billing_day(there))
    settings = settings_of(
        chosen,
        spec=model,
        base_url=base_url,
        split=split,
        seed=seed,
        thresholds=thresholds,
        without=without,
        generation=_generation(there, chosen, fresh=fresh),
    )
    return synthesis.start_run(
        name=run,
        dataset_id=datasets.required(dataset).id,
        settings=settings,
        limit=limit,
        concurrency=concurrency,
        max_calls=max_calls,
        max_cost=max_cost,
        created_by=created_by,
    )


def settings_of(
    model: Model,
    *,
    spec: str,
    base_url: str | None,
    split: str,
    seed: int,
    thresholds: Thresholds,
    without: Collection[Part] = (),
    generation: int = 0,
) -> dict[str, Any]:
    """What a run is frozen to, named as on the command line, so that a difference can be told in the same words.

    What a step added later is written where it is not the default only: earlier runs then still compare equal.
    """
    frozen = run_settings(model=model, thresholds=thresholds, seed=seed, without=frozenset(without))
    limits = frozen.pop("thresholds")
    pinned = pinned_in(model.parameters)
    later: dict[str, Any] = {} if pinned is None else {"upstream": pinned}
    later |= {"generation": generation} if generation else {}
    return {**frozen, **limits, **later, "model": spec, "model_name": model.name, "base_url": base_url, "split": split}


def _generation(there: JobInfo | None, model: Model, *, fresh: bool) -> int:
    """Of the call log: a run keeps its own; a new one opens the next with `fresh`, else shares the newest."""
    generations = synthesis.generations(address=model.address, model=model.name)
    newest = max(generations, default=0)
    if there is None:
        return newest + 1 if fresh else newest
    own = int(there.settings.get("generation", 0))
    if fresh and (own == 0 or generations.get(own) != there.name):
        raise ConflictError(
            f'the run "{there.name}" was not started with --fresh and keeps the calls that it has; choose another name'
            " to ask everything anew"
        )
    return own


def start_with_thresholds(job_id: int, *, run: str, thresholds: Thresholds, created_by: int | None = None) -> Started:
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
