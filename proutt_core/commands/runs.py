"""`synthesize`, `predict`: long work in this process, claimed as a worker claims it. `worker`: the process for all."""

import asyncio
import logging
import signal
import time
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import typer

from db import calls, items, jobs, synthesis
from db.calls import CallTotals
from proutt_core.commands._output import Json, command_output, note, progress
from proutt_core.errors import ConflictError, InputError
from proutt_core.llm.address import destination
from proutt_core.llm.choose import choose_model
from proutt_core.types import Thresholds
from proutt_core.worker.prediction import prompted_method, run_prediction, start_prediction
from proutt_core.worker.shared import Shared, shared_by_jobs
from proutt_core.worker.synthesis import run_synthesis, start_synthesis

Model = Annotated[str, typer.Option(help="rules, PRESET/MODEL, or MODEL with --base-url.")]
BaseUrl = Annotated[str | None, typer.Option(help="An OpenAI-compatible server.")]
Concurrency = Annotated[int, typer.Option(min=1, help="Calls at a time, in this process; not a setting.")]
Limit = Annotated[int | None, typer.Option(min=1, help="Only the first N samples of the seeded order; not a setting.")]

Run = Callable[..., Awaitable[None]]


def synthesize(
    dataset: Annotated[str, typer.Option(help="A dataset that was imported.")],
    run: Annotated[str, typer.Option(help="The run's name; the same name again resumes it.")],
    model: Model = "rules",
    base_url: BaseUrl = None,
    split: Annotated[str, typer.Option(help="train, or all (inspection only: other splits never leave).")] = "train",
    concurrency: Concurrency = 8,
    limit: Limit = None,
    seed: Annotated[int, typer.Option(help="Of the order of samples and of all that is drawn.")] = 0,
    tau_high: Annotated[float, typer.Option(help="From this similarity on the insight is chosen as it is.")] = 0.8,
    tau_low: Annotated[float, typer.Option(help="Below this similarity it is rejected as it is.")] = 0.3,
    as_json: Json = False,
) -> None:
    """Make preference pairs from a dataset's samples."""
    with command_output(as_json) as output:
        if split not in ("train", "all"):
            raise InputError(f"--split is train or all; got {split!r}")
        note(destination(choose_model(model, base_url=base_url)))
        started = start_synthesis(
            dataset=dataset,
            run=run,
            model=model,
            base_url=base_url,
            split=split,
            seed=seed,
            thresholds=_thresholds(tau_high, tau_low),
            limit=limit,
            concurrency=concurrency,
        )
        paid, seconds = work_on(started.job_id, run_synthesis, concurrency=concurrency)
        found = synthesis.summary(started.job_id)
        result = {
            "total": found.total,
            "done": found.done,
            "failed": found.failed,
            "resumed": started.resumed,
            "clean": found.clean,
            "gate_failures": found.gate_failures,
            "branches": found.branches,
            **cost_of(paid, seconds),
        }
        output.result(result, text=_words(run, started.job_id, result))


def _thresholds(tau_high: float, tau_low: float) -> Thresholds:
    if not 0 <= tau_low <= tau_high <= 1:
        raise InputError(f"0 <= --tau-low <= --tau-high <= 1 is needed; got {tau_low} and {tau_high}")
    return Thresholds(tau_high=tau_high, tau_low=tau_low)


def predict(
    dataset: Annotated[str, typer.Option(help="A dataset that was imported.")],
    method: Annotated[str, typer.Option(help="The method's name; a new name makes a method, which never changes.")],
    model: Annotated[str | None, typer.Option(help="Default: what the method has, or rules.")] = None,
    base_url: BaseUrl = None,
    without_tree: Annotated[bool, typer.Option("--without-tree", help="Ask for four utterances only.")] = False,
    split: Annotated[str, typer.Option(help="train, valid, test or all.")] = "test",
    concurrency: Concurrency = 8,
    limit: Limit = None,
    as_json: Json = False,
) -> None:
    """Let a method predict next utterances. What it has predicted already is not asked again."""
    with command_output(as_json) as output:
        if split not in ("train", "valid", "test", "all"):
            raise InputError(f"--split is train, valid, test or all; got {split!r}")
        found = prompted_method(name=method, model=model, base_url=base_url, without_tree=without_tree)
        note(destination(choose_model(found.settings["model"], base_url=found.settings["base_url"])))
        started = start_prediction(dataset=dataset, method=found, split=split, limit=limit, concurrency=concurrency)
        paid, seconds = work_on(started.job_id, run_prediction, concurrency=concurrency)
        counts = items.counts(started.job_id)
        result = {
            "total": counts.total,
            "done": counts.done,
            "failed": counts.failed,
            "resumed": started.resumed,
            **cost_of(paid, seconds),
        }
        output.result(result, text=_words(method, started.job_id, result))


def cost_of(paid: CallTotals, seconds: float) -> dict[str, Any]:
    return {
        "llm_calls": paid.calls,
        "cached_calls": paid.cached,
        "prompt_tokens": paid.prompt_tokens,
        "completion_tokens": paid.completion_tokens,
        "seconds": round(seconds, 3),
    }


def _words(name: str, job_id: int, result: dict[str, Any]) -> str:
    lines = [
        f"{name}: {result['done']} of {result['total']} done, {result['failed']} failed,"
        f" {result['resumed']} were there before; {result['llm_calls']} calls,"
        f" {result['cached_calls']} answered by the log, {result['seconds']:.1f} s"
    ]
    if "branches" in result:
        branches = ", ".join(f"{branch} {count}" for branch, count in result["branches"].items())
        lines.append(f"  clean: {result['clean']}; branches: {branches}")
        lines += [f"  gate failed: {count} × {gate}" for gate, count in result["gate_failures"].items()]
    failures = items.failures(job_id, limit=5) if result["failed"] else []
    lines += [f"  failed: {failure.stage}: {failure.reason}" for failure in failures]
    return "\n".join(lines)


def work_on(job_id: int, run: Run, *, concurrency: int) -> tuple[CallTotals, float]:
    """Work on a job until it is done; what was paid for it meanwhile, by whomever, and how long it took."""
    before, started = calls.totals(job_id), time.monotonic()
    try:
        asyncio.run(_until_done(job_id, run, concurrency))
    except (KeyboardInterrupt, asyncio.CancelledError):
        if not items.leased_now(job_id):  # no worker goes on with it: then stopping here means stopping it
            jobs.stop_for_outage(job_id, reason="stopped on the command line")
        note("stopped; the same command goes on with it")
        raise typer.Exit(code=130) from None
    job = jobs.required(job_id)
    if job.state != "done":
        raise ConflictError(f"{job.name} is {job.state}: {job.reason or 'the same command goes on with it'}")
    after = calls.totals(job_id)
    paid = CallTotals(
        calls=after.calls - before.calls,
        cached=after.cached - before.cached,
        prompt_tokens=after.prompt_tokens - before.prompt_tokens,
        completion_tokens=after.completion_tokens - before.completion_tokens,
    )
    return paid, time.monotonic() - started


async def _until_done(job_id: int, run: Run, concurrency: int) -> None:
    with progress(jobs.required(job_id).name) as show:
        async with shared_by_jobs() as shared:
            working = asyncio.create_task(_run(run, job_id, shared, concurrency))
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, working.cancel)
            while not working.done():
                await asyncio.wait([working], timeout=0.5)
                counts = await asyncio.to_thread(items.counts, job_id)
                show(counts.finished, counts.total)
            await working


async def _run(run: Run, job_id: int, shared: Shared, concurrency: int) -> None:
    await run(job_id, shared=shared, concurrency=concurrency)


def worker(
    until_idle: Annotated[bool, typer.Option("--until-idle", help="End when nothing is left to do.")] = False,
) -> None:
    """Work on every job that is queued, until SIGTERM or Ctrl-C. Any number may run, on any host."""
    from proutt_core.worker.loop import work

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    with command_output():
        asyncio.run(work(until_idle=until_idle))
