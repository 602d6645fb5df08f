"""How full a run keeps a server's slots: CrossWOZ dialogues through the whole real path, with the SQLite database.

The server is a process of its own (benchmarks/_fast_server.py, less than half a millisecond of CPU a call), so that it
is not what is measured. Steady state is from the moment when the slots are first full until the last item is admitted;
before and after it a run cannot keep them full. The bound is slots / latency calls a second, which is the same as
slots / (mean calls × latency) items a second.
"""

import asyncio
import time
from dataclasses import dataclass
from typing import Any

from benchmarks._fast_server import FastServer
from benchmarks._project import import_dialogues, queue_run, temporary_database
from benchmarks._report import line

SLOTS = 64
ITEMS = 400
LATENCIES_S = {1.0: 0.95, 0.2: 0.80}  # and the share of the bound that is promised


@dataclass(frozen=True)
class Throughput:
    """Of one run. `share` is of slots / latency; the CPU seconds are the client's, for a call."""

    latency_s: float
    items: int
    calls: int
    steady_s: float
    share: float
    cpu_ms: float
    most_at_once: int
    server_cpu_ms: float

    @property
    def calls_per_item(self) -> float:
        return self.calls / self.items


class Seen:
    """What a run's places and items did, by the clock: put in the way of the real ones."""

    def __init__(self) -> None:
        self.full_at: float | None = None
        self.admitted_at = 0.0
        self.ended: list[float] = []


def main(*, small: bool = False) -> list[Throughput]:
    figures = []
    # Small, the slots are so few that the busiest machine fills them.
    slots, items, latencies = (4, 20, {0.1: 0.0}) if small else (SLOTS, ITEMS, LATENCIES_S)
    with temporary_database():
        import_dialogues(items)
        for latency_s, promise in latencies.items():
            figures.append(measure(latency_s, slots=slots))
            tell(figures[-1], slots, promise)
    return figures


def tell(figure: Throughput, slots: int, promise: float) -> None:
    what = f"{figure.items} items, {slots} slots, {figure.latency_s:g} s a call: share of the bound"
    line(what, f"{figure.share:.1%}", promise=f"at least {promise:.0%}")
    line("  steady state; calls an item", f"{figure.steady_s:.1f} s; {figure.calls_per_item:.2f}")
    line("  CPU a call: client; server (not counted)", f"{figure.cpu_ms:.2f} ms; {figure.server_cpu_ms:.2f} ms")


def measure(latency_s: float, *, slots: int) -> Throughput:
    from db.jobs import items, jobs, usage

    with FastServer(latency_s=latency_s) as server:
        job_id = queue_run(f"run at {latency_s} s", base_url=server.base_url, concurrency=slots)
        cpu = time.process_time()
        seen = asyncio.run(_run(job_id, slots))
        cpu = time.process_time() - cpu
        counts = server.counts()
    done, calls = items.counts(job_id), sum(stage.calls for stage in usage.of_job(job_id))
    if jobs.required(job_id).state != "done" or done.failed or seen.full_at is None:
        raise RuntimeError(f"the run did not go as it should: {jobs.required(job_id)}, {done}")
    steady = [at for at in seen.ended if seen.full_at <= at <= seen.admitted_at]
    steady_s = max(seen.admitted_at - seen.full_at, 1e-9)
    return Throughput(
        latency_s=latency_s,
        items=done.total,
        calls=calls,
        steady_s=steady_s,
        share=len(steady) / steady_s / (slots / latency_s),
        cpu_ms=1000 * cpu / calls,
        most_at_once=int(counts["most_at_once"]),
        server_cpu_ms=1000 * counts["cpu_s"] / calls,
    )


async def _run(job_id: int, slots: int) -> Seen:
    from proutt_core.jobs.kinds.synthesis import run_synthesis
    from proutt_core.jobs.process_resources import keep_what_is_loaded, process_resources
    from proutt_core.llm.slots import CallSlots

    keep_what_is_loaded()  # as the worker and the command line do
    seen = Seen()
    admit, leave = CallSlots.admit, CallSlots.leave

    def look(call_slots: CallSlots) -> None:
        if call_slots.in_use >= slots and seen.full_at is None:
            seen.full_at = time.perf_counter()

    def watched_admit(call_slots: CallSlots) -> Any:
        item_slots = admit(call_slots)
        look(call_slots)
        if item_slots is not None:
            seen.admitted_at = time.perf_counter()
        return item_slots

    def watched_leave(call_slots: CallSlots) -> None:
        look(call_slots)
        seen.ended.append(time.perf_counter())
        leave(call_slots)

    CallSlots.admit, CallSlots.leave = watched_admit, watched_leave  # type: ignore[method-assign, assignment]
    try:
        async with process_resources() as shared:
            await run_synthesis(job_id, shared=shared, concurrency=slots)
    finally:
        CallSlots.admit, CallSlots.leave = admit, leave  # type: ignore[method-assign]
    return seen


if __name__ == "__main__":
    main()
