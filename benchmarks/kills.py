"""One run, killed with SIGKILL at random moments and started again each time.

At the end its rows must be those of a run that nobody disturbed. What the server sees again must have been in flight,
or answered so shortly before the kill that its commit (every 50 ms) was still to come. Nothing committed is asked
again.
"""

import json
import os
import random
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import col, select

from benchmarks._project import DATASET, PROJECT, import_dialogues, queue_run, temporary_database
from benchmarks._report import line
from tests.fake_server import Call, FakeServer, prompt_hash
from tests.jobs.project import rows_of_run, run_here

LATENCY_S = 0.15
CONCURRENCY = 16
LEASE_S = "1"


@dataclass
class Watched:
    """What the server answered when, by prompt."""

    answered: dict[str, list[float]] = field(default_factory=dict)

    def __call__(self, call: Call) -> None:
        self.answered.setdefault(call.prompt, []).append(time.monotonic())

    def age_s(self, prompt: str, *, since: float, at: float) -> float | None:
        """How long before `at` this prompt was last answered; None where it was not answered since `since`."""
        return min((at - sent for sent in self.answered.get(prompt, ()) if since < sent <= at), default=None)


@dataclass(frozen=True)
class Kill:
    at: float  # monotonic
    calls: int  # that had arrived at the server
    committed: frozenset[str]  # prompts whose valid reply was stored
    refused: frozenset[str]  # prompts of which only replies that their schema refuses were stored


@dataclass(frozen=True)
class Figures:
    kills: int
    items: int
    same_rows: bool
    committed_repeated: int
    seen_again: int
    oldest_lost_s: float  # of the answers asked for again: how long before the kill the oldest was sent
    lost_unanswered: int  # of those seen again: in flight


def main(*, small: bool = False) -> Figures:
    """Runs on SQLite in a temporary database."""
    with temporary_database():
        figures = measure(dialogues=12 if small else 200, kills=3 if small else 20)
    line(f"{figures.kills} SIGKILLs, {figures.items} items: rows equal an undisturbed run", str(figures.same_rows))
    line("  committed calls repeated", f"{figures.committed_repeated}", promise="0")
    line("  seen again by the server", f"{figures.seen_again} ({figures.lost_unanswered} in flight)")
    line("  oldest answer that was lost", f"{1000 * figures.oldest_lost_s:.0f} ms", promise="commit window 50 ms")
    return figures


def measure(*, dialogues: int, kills: int, seed: int = 0) -> Figures:
    """In the database that PROUTT_DATABASE_URL names, which must be migrated and empty."""
    from db.jobs import items

    count = import_dialogues(dialogues)
    watched = Watched()
    with FakeServer(latency_s=LATENCY_S, content=watched) as server:
        done: list[Kill] = []
        draw = random.Random(seed)
        while len(done) < kills:
            done.append(_kill(server, done, after_s=draw.uniform(0.0, 0.6)))
        server.latency_s = 0.0
        if _start(server).wait() != 0:
            raise RuntimeError("the run did not end well")
        job_id = _job("killed")
        rows, calls = rows_of_run(job_id), list(server.calls)
        if items.counts(job_id).finished != count:
            raise RuntimeError("items are missing")
    return _figures(done, calls, watched, items=count, same_rows=rows == _undisturbed())


def _kill(server: FakeServer, done: list[Kill], *, after_s: float) -> Kill:
    """Start the run and kill it so many seconds after it began to make calls that were not there at the last kill."""
    process = _start(server)
    _wait(lambda: _progressed(server, done) or process.poll() is not None)
    _sleep_unless_over(process, after_s)
    if process.poll() is not None:
        raise RuntimeError(f"the run was over after {len(done)} kills: give it more dialogues")
    process.kill()
    at = time.monotonic()
    process.wait()
    committed = _committed(valid=True)
    return Kill(at, len(server.calls), committed, _committed(valid=False) - committed)


def _figures(done: list[Kill], calls: list[Call], watched: Watched, *, items: int, same_rows: bool) -> Figures:
    repeated = again = unanswered = 0
    oldest = 0.0
    ends = [kill.calls for kill in done[1:]] + [len(calls)]
    # What was in flight at the kill before is answered a call's latency later, to nobody.
    started = [0.0] + [kill.at + LATENCY_S for kill in done[:-1]]
    for since, kill, end in zip(started, done, ends, strict=True):
        before = {call.prompt for call in calls[: kill.calls]}
        for call in calls[kill.calls : end]:
            if call.prompt in kill.committed:
                repeated += 1
            elif call.prompt in before and call.prompt not in kill.refused:  # an unusable reply answers nothing
                again += 1
                age_s = watched.age_s(call.prompt, since=since, at=kill.at)
                unanswered += age_s is None
                oldest = max(oldest, age_s or 0.0)
    return Figures(len(done), items, same_rows, repeated, again, oldest, unanswered)


def _start(server: FakeServer) -> subprocess.Popen[bytes]:
    words = ["synthesize", "--dataset", DATASET, "--run", "killed", "--model", "fake", "--base-url", server.base_url]
    return subprocess.Popen(
        [sys.executable, "-m", "proutt_core", *words, "--concurrency", str(CONCURRENCY)],
        env={**os.environ, "PROUTT_LEASE_S": LEASE_S, "PYTHONPATH": str(PROJECT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _progressed(server: FakeServer, done: list[Kill]) -> bool:
    """Calls beyond those of the last kill are arriving."""
    return len(server.calls) > (done[-1].calls if done else 0) + CONCURRENCY // 2


def _wait(what: Callable[[], bool], *, patience_s: float = 60.0) -> None:
    deadline = time.monotonic() + patience_s
    while not what():
        if time.monotonic() > deadline:
            raise RuntimeError("the run makes no progress")
        time.sleep(0.01)


def _sleep_unless_over(process: subprocess.Popen[bytes], seconds: float) -> None:
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        return


def _committed(*, valid: bool) -> frozenset[str]:
    from db.engine import read
    from db.tables import LlmCall

    with read() as session:
        requests = session.exec(select(LlmCall.request).where(col(LlmCall.valid).is_(valid))).all()
    return frozenset(_prompt(request) for request in requests)


def _prompt(request: bytes) -> str:
    stored: dict[str, Any] = json.loads(zlib.decompress(request).decode("utf-8", "surrogatepass"))
    return prompt_hash([{"role": role, "content": content} for role, content in stored["messages"]])


def _job(name: str) -> int:
    from db.jobs import jobs

    job = jobs.find(kind="synthesis", name=name)
    if job is None:
        raise RuntimeError(f"the run {name} is gone")
    return job.id


def _undisturbed() -> list[dict[str, Any]]:
    """The same run at another address, so that it shares no stored reply."""
    with FakeServer() as other:
        job_id = queue_run("undisturbed", base_url=other.base_url)
        run_here(job_id, concurrency=CONCURRENCY)
    return rows_of_run(job_id)


if __name__ == "__main__":
    main()
