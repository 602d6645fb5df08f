"""`runs`: list them. `pause`, `resume`, `cancel`: change the state of one, whoever works on it."""

from typing import Annotated, Any

import typer

from db.jobs import jobs
from db.jobs.items import ItemCounts
from db.jobs.jobs import JobInfo
from db.jobs.progress import counts_by_job
from proutt_core.commands._output import Json, command_output
from proutt_core.errors import InputError
from proutt_core.jobs.bills import bill_of
from proutt_core.runs.bill import shown_money
from proutt_core.runs.request import RunSettings

Name = Annotated[str, typer.Argument(help="The run's name.")]


def runs(as_json: Json = False) -> None:
    """List the synthesis runs, the newest first."""
    with command_output(as_json) as output:
        counts = counts_by_job("synthesis")
        rows = [_as_json(job, counts.get(job.id, ItemCounts())) for job in jobs.list_jobs(kind="synthesis")]
        output.result({"runs": rows}, text="\n".join(map(_line, rows)) or "there are no runs yet")


def _as_json(job: JobInfo, counts: ItemCounts) -> dict[str, Any]:
    bill = bill_of(job.id)
    return {
        "name": job.name,
        "dataset": job.dataset,
        "model": RunSettings.from_stored(job.settings).model.spec,
        "state": job.state,
        "reason": job.reason,
        "halt": job.halt,
        "total": counts.total,
        "done": counts.done,
        "failed": counts.failed,
        "llm_calls": bill.total.calls,
        "cost": None if bill.total.money is None else round(bill.total.money, 6),
        "at_least": bill.at_least,
        "currency": bill.currency or None,
    }


def _line(run: dict[str, Any]) -> str:
    cost = "free" if run["cost"] == 0 and not run["currency"] else shown_money(run["cost"], run["currency"] or "")
    reason = f" ({run['reason']})" if run["reason"] else ""
    least = "at least " if run["at_least"] else ""
    return (
        f"{run['name']}: {run['state']}{reason}, {run['done']} done, {run['failed']} failed of {run['total']};"
        f" {run['model']} on {run['dataset']}; {run['llm_calls']} calls, cost {least}{cost}"
    )


def pause(name: Name, as_json: Json = False) -> None:
    """Stop a run for now. Nothing is lost; `resume`, or the command that started it, continues it."""
    with command_output(as_json) as output:
        job = _named(name)
        jobs.pause(job.id, reason="paused on the command line")
        output.result({"state": "paused"}, text=f"{name} is paused")


def cancel(name: Name, as_json: Json = False) -> None:
    """Stop a run. What is done stays."""
    with command_output(as_json) as output:
        job = _named(name)
        jobs.cancel(job.id, reason="cancelled on the command line")
        output.result({"state": "cancelled"}, text=f"{name} is cancelled")


def resume(
    name: Name,
    max_calls: Annotated[int | None, typer.Option(help="The new limit; counts what was made before.")] = None,
    max_cost: Annotated[float | None, typer.Option(help="The new limit; counts what was paid before.")] = None,
    as_json: Json = False,
) -> None:
    """Put a stopped run back into the queue, for a worker."""
    with command_output(as_json) as output:
        job = _named(name)
        if max_calls is not None or max_cost is not None:
            kept = job.max_calls if max_calls is None else max_calls
            jobs.set_limits(job.id, max_calls=kept, max_cost=job.max_cost if max_cost is None else max_cost)
        jobs.resume(job.id)
        output.result({"state": "queued"}, text=f"{name} is queued; `python -m proutt_core worker` resumes it")


def _named(name: str) -> JobInfo:
    job = jobs.find(kind="synthesis", name=name)
    if job is None:
        known = ", ".join(job.name for job in jobs.list_jobs(kind="synthesis")) or "none yet"
        raise InputError(f'no run is named "{name}"; there are: {known}')
    return job
