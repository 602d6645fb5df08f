"""Ten percent of the answers fail, in each of the eleven ways: every item is done or failed, and what is done is right.

Any call may fail, also a repeated one; which do depends on the prompt and on how often it came. The rows of the items
that are done must be those of a run at a server without faults: the fake server's content ignores repair messages.
"""

import os
from collections import Counter
from dataclasses import dataclass
from typing import Any

from benchmarks._project import import_dialogues, queue_run, temporary_database
from benchmarks._report import clock, line
from tests.fake_server import ELEVEN, Call, FakeServer, Fault, prompt_hash
from tests.jobs.project import rows_of_run, run_here

CONCURRENCY = 64
SHARE = 0.1
DEADLINE_S = "5"  # of a call; a server that hangs costs this and not two minutes


@dataclass(frozen=True)
class Figures:
    items: int
    done: int
    failed: int
    faults: dict[str, int]  # sent by the server
    done_equal: bool
    failed_explained: bool
    reasons: dict[str, int]


def main(*, small: bool = False) -> Figures:
    """Runs on SQLite in a temporary database."""
    with temporary_database(), clock() as took:
        figures = measure(dialogues=20 if small else 400)
    line(
        f"{figures.items} items, {SHARE:.0%} faults of {len(figures.faults)} kinds, {CONCURRENCY} at a time",
        f"{figures.done} done + {figures.failed} failed",
        promise=f"sum {figures.items}",
    )
    line("  rows of the done items equal a run without faults", str(figures.done_equal))
    line("  failed items have stage, reason and raw replies", str(figures.failed_explained))
    line("  faults sent", f"{sum(figures.faults.values()):,}")
    line("  seconds", f"{took.wall_s:.1f}")
    return figures


def measure(*, dialogues: int) -> Figures:
    """In the database that PROUTT_DATABASE_URL names, which must be migrated and empty."""
    before = os.environ.get("PROUTT_DEADLINE_S")
    os.environ["PROUTT_DEADLINE_S"] = DEADLINE_S
    try:
        return _measure(import_dialogues(dialogues))
    finally:
        if before is None:
            del os.environ["PROUTT_DEADLINE_S"]
        else:
            os.environ["PROUTT_DEADLINE_S"] = before


def _measure(items: int) -> Figures:
    sent: Counter[Fault] = Counter()

    def fault(call: Call) -> Fault | None:
        number = int(prompt_hash([{"role": call.prompt, "content": str(call.seen)}])[:12], 16)
        if number // len(ELEVEN) % 1000 >= SHARE * 1000:
            return None
        sent[ELEVEN[number % len(ELEVEN)]] += 1
        return ELEVEN[number % len(ELEVEN)]

    with FakeServer() as server:
        sound = _run(server, "sound")
    with FakeServer(faults=fault) as server:
        faulty = _run(server, "faulty")
    done = [(mine, right) for mine, right in zip(faulty, sound, strict=True) if mine["item"]["state"] == "done"]
    failed = [row for row in faulty if row["item"]["state"] == "failed"]
    return Figures(
        items=items,
        done=len(done),
        failed=len(failed),
        faults={fault.value: n for fault, n in sent.items()},
        done_equal=all(mine == right for mine, right in done),
        failed_explained=_explained("faulty"),
        reasons=dict(Counter(str(row["item"]["error"])[:60] for row in failed)),
    )


def _run(server: FakeServer, name: str) -> list[dict[str, Any]]:
    job_id = queue_run(name, base_url=server.base_url, concurrency=CONCURRENCY)
    run_here(job_id, concurrency=CONCURRENCY)
    return rows_of_run(job_id)


def _explained(run: str) -> bool:
    """Whether each failed item says where and why, and keeps what the server sent."""
    from db.jobs import calls, items, jobs

    job = jobs.find(kind="synthesis", name=run)
    assert job is not None
    failures = items.failures(job.id)
    return all(
        one.stage
        and one.reason
        and any(not call.valid for call in calls.of_item(kind="synthesis", item_id=one.item_id))
        for one in failures
    )


if __name__ == "__main__":
    main()
