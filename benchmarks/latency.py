"""How long one item takes on an idle server, in calls: the depth of the graph, and what we add to it.

The item takes the middle branch, which is the deepest: five calls, one after the other. Measured from the item's
admission until its pair is on disk, in the whole real path with the SQLite database.
"""

import asyncio
import statistics
import time
from typing import Any

from benchmarks._fast_server import FastServer
from benchmarks._project import import_dialogues, queue_run, temporary_database
from benchmarks._report import line

LATENCIES_S = (0.2, 1.0)
ITEMS = 5
PROMISED = 5.3


def main(*, small: bool = False) -> dict[float, float]:
    """By the latency of a call: how many of them an item takes, the median of a few items done one by one."""
    calls_by_latency = {}
    with temporary_database():
        items = 2 if small else ITEMS
        import_dialogues(items)
        for latency_s in LATENCIES_S[:1] if small else LATENCIES_S:
            calls_by_latency[latency_s] = statistics.median(measure(latency_s, items=items))
            what = f"one item on an idle server, middle branch, {latency_s:g} s a call"
            line(what, f"{calls_by_latency[latency_s]:.2f} call latencies", promise=f"at most {PROMISED}")
    return calls_by_latency


def measure(latency_s: float, *, items: int) -> list[float]:
    """Each item alone: the run's limit is raised by one at a time."""
    took: list[float] = []
    with FastServer(latency_s=latency_s) as server:
        for limit in range(1, items + 1):
            job_id = queue_run(f"{latency_s} s", base_url=server.base_url, limit=limit)
            asyncio.run(_run(job_id, took))
    return [seconds / latency_s for seconds in took]


async def _run(job_id: int, took: list[float]) -> None:
    from proutt_core.jobs.kinds.synthesis import run_synthesis
    from proutt_core.jobs.process_resources import process_resources
    from proutt_core.jobs.run_items import _ItemRun

    run_item = _ItemRun._run_item

    async def timed(*arguments: Any) -> None:
        started = time.perf_counter()
        await run_item(*arguments)
        took.append(time.perf_counter() - started)

    _ItemRun._run_item = timed  # type: ignore[assignment]
    try:
        async with process_resources() as shared:
            await run_synthesis(job_id, shared=shared)
    finally:
        _ItemRun._run_item = run_item  # type: ignore[method-assign]


if __name__ == "__main__":
    main()
