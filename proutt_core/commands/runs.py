"""`synthesize`, `predict`: long work in this process, claimed as a worker claims it. `worker`: the process for all."""

import asyncio
import logging
from typing import Annotated, Any

import typer

from db.jobs import items, jobs
from db.jobs.jobs import Started
from db.synthesis import runs as synthesis
from proutt_core.actions.forecast import forecast_run
from proutt_core.actions.prediction import prompted_method, start_prediction
from proutt_core.actions.synthesis import PILOT, start_synthesis
from proutt_core.commands._forecast import estimate_json, estimate_words
from proutt_core.commands._output import Json, Output, command_output
from proutt_core.commands._work import (
    BaseUrl,
    Model,
    Parameter,
    Upstream,
    Worked,
    Yes,
    confirm_destination,
    work_on,
)
from proutt_core.errors import InputError
from proutt_core.jobs.kinds.prediction import run_prediction
from proutt_core.jobs.kinds.synthesis import run_synthesis
from proutt_core.llm.providers.model_ref import RULES, ModelRef
from proutt_core.private_files import tighten_own_folder
from proutt_core.runs.request import RunRequest, checked_thresholds
from proutt_core.terminal import log_to_stderr
from proutt_core.traces.ablation import parts_left_out
from proutt_core.types import PARTS
from proutt_core.types.numbers import LARGEST, LARGEST_SEED

Concurrency = Annotated[int, typer.Option(min=1, max=LARGEST, help="Calls at a time, in this process; not a setting.")]
Limit = Annotated[
    int | None, typer.Option(min=1, max=LARGEST, help="Only the first N samples of the seeded order; not a setting.")
]

_FRESH = (
    "Ask everything anew: no stored reply answers. Later runs of this model at this address share the new replies;"
    " resuming does not need the flag again."
)
_WITHOUT = "Leave a part of the method out: " + ", ".join(PARTS) + ". Repeatable."


def synthesize(
    dataset: Annotated[str, typer.Option(help="A dataset that was imported.")],
    run: Annotated[str, typer.Option(help="The run's name; the same name again resumes it.")],
    model: Model = "rules",
    base_url: BaseUrl = None,
    upstream: Upstream = None,
    parameter: Parameter = None,
    split: Annotated[str, typer.Option(help="train, or all (inspection only: other splits never leave).")] = "train",
    concurrency: Concurrency = 8,
    limit: Limit = None,
    pilot: Annotated[bool, typer.Option("--pilot", help=f"--limit {PILOT}; later without it for the rest.")] = False,
    seed: Annotated[
        int, typer.Option(min=-LARGEST_SEED, max=LARGEST_SEED, help="Of the order of samples and of all that is drawn.")
    ] = 0,
    tau_high: Annotated[float, typer.Option(help="From this similarity on the insight is chosen as it is.")] = 0.8,
    tau_low: Annotated[float, typer.Option(help="Below this similarity it is rejected as it is.")] = 0.3,
    without: Annotated[list[str] | None, typer.Option("--without", help=_WITHOUT)] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help=_FRESH)] = False,
    max_calls: Annotated[int | None, typer.Option(help="Pause before more calls; give more to go on.")] = None,
    max_cost: Annotated[float | None, typer.Option(help="Pause before more is paid, in the price's currency.")] = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Try the run's failed items again; adds no others.")
    ] = False,
    estimate: Annotated[bool, typer.Option("--estimate", help="Only say what the run would take.")] = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Make preference pairs from a dataset's samples."""
    with command_output(as_json) as output:
        request = RunRequest(
            dataset=dataset,
            run=run,
            model=ModelRef.from_options(model, base_url=base_url, upstream=upstream, parameters=parameter),
            split=split,
            seed=seed,
            thresholds=checked_thresholds(tau_high=tau_high, tau_low=tau_low),
            without=parts_left_out(without or ()),
            fresh=fresh,
            limit=_limit(run, limit=limit, pilot=pilot, retry_failed=retry_failed),
            concurrency=concurrency,
            max_calls=max_calls,
            max_cost=max_cost,
        )
        if estimate:
            expected = forecast_run(request)
            output.result(estimate_json(expected), text=estimate_words(expected, concurrency=concurrency))
            return
        confirm_destination(request.model, yes=yes)
        _work_on_run(output, request, retry_failed=retry_failed)


def _work_on_run(output: Output, request: RunRequest, *, retry_failed: bool) -> None:
    started = start_synthesis(request)
    if retry_failed:
        items.retry_failed(started.job_id)
    worked = work_on(started.job_id, run_synthesis, concurrency=request.concurrency)
    summary = synthesis.summary(started.job_id)
    more = {"clean": summary.clean, "gate_failures": summary.gate_failures, "branches": summary.branches}
    _tell(output, request.run, started, worked, more)


def _limit(run: str, *, limit: int | None, pilot: bool, retry_failed: bool) -> int | None:
    if pilot and limit is not None:
        raise InputError(f"--pilot is --limit {PILOT}: give one of them")
    if limit is not None or pilot:
        return limit or PILOT
    if not retry_failed:
        return None
    earlier = jobs.find(kind="synthesis", name=run)
    if earlier is None:
        raise InputError(f'there is no run "{run}" whose failed items could be tried again')
    return items.counts(earlier.id).total


def predict(
    dataset: Annotated[str, typer.Option(help="A dataset that was imported.")],
    method: Annotated[str, typer.Option(help="The method's name; a new name makes a method, which never changes.")],
    model: Annotated[str | None, typer.Option(help="Default: what the method has, or rules.")] = None,
    base_url: BaseUrl = None,
    upstream: Upstream = None,
    parameter: Parameter = None,
    without_tree: Annotated[bool, typer.Option("--without-tree", help="Ask for four utterances only.")] = False,
    split: Annotated[str, typer.Option(help="train, valid, test or all.")] = "test",
    concurrency: Concurrency = 8,
    limit: Limit = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Let a method predict next utterances. What it has predicted already is not asked again."""
    with command_output(as_json) as output:
        if split not in ("train", "valid", "test", "all"):
            raise InputError(f"--split is train, valid, test or all; got {split!r}")
        ref = None
        if (model, base_url, upstream) != (None, None, None) or parameter:
            ref = ModelRef.from_options(model or RULES, base_url=base_url, upstream=upstream, parameters=parameter)
        made = prompted_method(name=method, model=ref, without_tree=without_tree)
        confirm_destination(ModelRef.from_stored(made.settings), yes=yes)
        started = start_prediction(dataset=dataset, method=made, split=split, limit=limit, concurrency=concurrency)
        worked = work_on(started.job_id, run_prediction, concurrency=concurrency)
        _tell(output, method, started, worked, {})


def _tell(output: Output, name: str, started: Started, worked: Worked, more: dict[str, Any]) -> None:
    counts = items.counts(started.job_id)
    result = {"total": counts.total, "done": counts.done, "failed": counts.failed, "resumed": started.resumed}
    result |= more | worked.as_json()
    lines = [
        f"{name}: {counts.done} of {counts.total} done, {counts.failed} failed, {started.resumed} were there before",
        *worked.in_words(),
    ]
    if "branches" in more:
        branches = ", ".join(f"{branch} {count}" for branch, count in more["branches"].items())
        lines.append(f"  clean: {more['clean']}; branches: {branches}")
        lines += [f"  gate failed: {count} × {gate}" for gate, count in more["gate_failures"].items()]
    failures = items.failures(started.job_id, limit=5) if counts.failed else []
    lines += [f"  failed: {failure.stage}: {failure.reason}" for failure in failures]
    output.result(result, text="\n".join(lines))


def worker(
    until_idle: Annotated[bool, typer.Option("--until-idle", help="End when nothing is left to do.")] = False,
) -> None:
    """Work on every job that is queued, until SIGTERM or Ctrl-C. Any number may run, on any host."""
    from proutt_core.actions.sample_project import follow_up
    from proutt_core.jobs.process import work

    log_to_stderr(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    tighten_own_folder()
    with command_output():
        asyncio.run(work(until_idle=until_idle, follow_up=follow_up))
