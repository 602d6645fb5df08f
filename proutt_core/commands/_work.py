"""What `synthesize`, `predict` and `judge` share: confirming where texts go, working on a job, telling what it cost."""

import asyncio
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from db.jobs import items, jobs
from db.jobs.jobs import JobInfo
from proutt_core.commands._output import note, progress
from proutt_core.errors import ConflictError
from proutt_core.jobs.bills import bill_of
from proutt_core.jobs.process_resources import ProcessResources, keep_what_is_loaded, process_resources
from proutt_core.llm.providers.model_ref import ModelRef
from proutt_core.runs.bill import Bill, shown_money, without_schema
from proutt_core.types.halts import Standstill

Yes = Annotated[bool, typer.Option("--yes", help="Texts may leave this machine: do not ask.")]

Model = Annotated[str, typer.Option(help="rules, PRESET/MODEL, or MODEL with --base-url.")]
BaseUrl = Annotated[
    str | None,
    typer.Option(help="An OpenAI-compatible server. Its key: PROUTT_API_KEY, if PROUTT_API_KEY_FOR names it."),
]
Upstream = Annotated[str | None, typer.Option(help="OpenRouter only: the provider behind it.")]
Parameter = Annotated[
    list[str] | None,
    typer.Option(
        "--parameter",
        help="NAME=VALUE, sent along with every call: temperature=0.7, chat_template_kwargs.enable_thinking=false."
        " Dots nest; the value is JSON or a bare word. A setting. Repeatable.",
    ),
]

Run = Callable[..., Awaitable[None]]


def confirm_destination(model: ModelRef, *, yes: bool) -> None:
    """Name the address; where it is not this machine, go on only when somebody says so. Exit code 2 where nobody can
    be asked, 1 where the answer is no. A model that cannot be opened is refused before."""
    model.require_usable()
    note(model.destination)
    if yes or not model.leaves:
        return
    if not sys.stdin.isatty():
        note("error: texts would leave this machine: give --yes where nobody can be asked")
        raise typer.Exit(code=2)
    if not typer.confirm("Send the dialogues there?", default=False, err=True):
        note("nothing was sent")
        raise typer.Exit(code=1)


@dataclass(frozen=True)
class Worked:
    """What any process did on a job meanwhile; `job` is as it is now, done or paused at a limit of spending."""

    job: JobInfo
    before: Bill
    after: Bill
    seconds: float

    @property
    def cost(self) -> float | None:
        """None where no price is known."""
        if self.after.total.money is None or self.before.total.money is None:
            return None
        return self.after.total.money - self.before.total.money

    def as_json(self) -> dict[str, Any]:
        before, after = self.before.total, self.after.total
        return {
            "state": self.job.state,
            "reason": self.job.reason,
            "halt": self.job.halt,
            "llm_calls": after.calls - before.calls,
            "cached_calls": after.cached_calls - before.cached_calls,
            "prompt_tokens": after.prompt_tokens - before.prompt_tokens,
            "cached_tokens": after.cached_tokens - before.cached_tokens,
            "completion_tokens": after.completion_tokens - before.completion_tokens,
            "unmetered_calls": after.unmetered_calls - before.unmetered_calls,
            "calls_without_schema": after.calls_without_schema - before.calls_without_schema,
            "cost": None if self.cost is None else round(self.cost, 6),
            "currency": self.after.currency or None,
            "seconds": round(self.seconds, 3),
        }

    def in_words(self) -> list[str]:
        """The lines about calls, money and, where it stopped at a limit, how to go on."""
        now = self.as_json()
        lines = [
            f"  {now['llm_calls']} calls, {now['cached_calls']} answered by the log; tokens: {now['prompt_tokens']} of"
            f" prompts ({now['cached_tokens']} cached), {now['completion_tokens']} of replies; {self.seconds:.1f} s"
        ]
        if self.after.currency:
            total = shown_money(self.after.total.money, self.after.currency)
            lines.append(f"  cost: {shown_money(self.cost, self.after.currency)}; in all so far: {total}")
        if self.after.note and self.after.total.calls:
            lines.append(f"  {self.after.note}")
        if without_schema(self.after):
            lines.append(f"  {without_schema(self.after)}")
        if self.job.state == "paused":
            lines.append(f"  paused: {self.job.reason}; the same command with a higher limit goes on")
        return lines


def work_on(job_id: int, run: Run, *, concurrency: int) -> Worked:
    """Work on a job until it is done, or paused at its limit of spending. ConflictError where it ends otherwise."""
    before, started = bill_of(job_id), time.monotonic()
    keep_what_is_loaded()
    try:
        asyncio.run(_until_done(job_id, run, concurrency))
    except (KeyboardInterrupt, asyncio.CancelledError):
        if not items.leased_now(job_id):  # no worker holds it: then stopping here means stopping it
            jobs.halt(job_id, Standstill("person", "stopped on the command line"))
        note("stopped; the same command resumes it")
        raise typer.Exit(code=130) from None
    job = jobs.required(job_id)
    if job.state != "done" and job.halt not in ("calls", "money"):
        raise ConflictError(f"{job.name} is {job.state}: {job.reason or 'the same command resumes it'}")
    return Worked(job=job, before=before, after=bill_of(job_id), seconds=time.monotonic() - started)


async def _until_done(job_id: int, run: Run, concurrency: int) -> None:
    with progress(jobs.required(job_id).name) as show:
        async with process_resources() as shared:
            working = asyncio.create_task(_run(run, job_id, shared, concurrency))
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, working.cancel)
            try:
                while not working.done():
                    await asyncio.wait([working], timeout=0.5)
                    counts = await asyncio.to_thread(items.counts, job_id)
                    show(counts.finished, counts.total)
            finally:  # on Ctrl-C it finishes the calls under way while there is still something to store them with
                if not working.done():
                    working.cancel()
                    await asyncio.wait([working])
            await working


async def _run(run: Run, job_id: int, shared: ProcessResources, concurrency: int) -> None:
    await run(job_id, shared=shared, concurrency=concurrency)
