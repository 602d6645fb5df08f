"""People who decide on pairs in real sessions over a real websocket: from a click to the next pair on screen.

One person with a second of thinking; twenty who decide every four seconds; twenty, then thirty, with a second of
thinking: on SQLite and on PostgreSQL. Label Studio 1.23.2 and Potato 2.12.1 did the same work on two cores (twenty
people, a second of thinking); their figures are printed beside.
"""

import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks._pairs import fill_with_pairs
from benchmarks._project import database_at, empty_database
from benchmarks._report import line
from benchmarks._sessions import PASSWORD, Page, cpu_s, server, sign_in

PEERS = "Potato p95 3,200 ms, 5.3/s, 94 errors; Label Studio p95 19,000 ms, 1.8/s"


@dataclass(frozen=True)
class Size:
    pairs: int = 10_000
    solo: int = 30  # decisions of the one person
    people: int = 20
    more_people: int = 30
    seconds: float = 45.0  # of each stretch
    think_s: float = 1.0
    every_s: float = 4.0


SMALL = Size(pairs=200, solo=2, people=3, more_people=4, seconds=2.0, think_s=0.3, every_s=0.6)


@dataclass
class Stretch:
    """What came of some people's work: seconds of each decision, errors, and what it took of the server."""

    took: list[float] = field(default_factory=list)
    errors: int = 0
    messages: int = 0
    wall_s: float = 0.0
    cpu_s: float = 0.0

    @property
    def per_second(self) -> float:
        return len(self.took) / self.wall_s

    @property
    def cpu_ms(self) -> float:
        return 1000 * self.cpu_s / max(1, len(self.took))

    def ms(self, percent: int) -> float:
        if len(self.took) < 2:
            return 1000 * self.took[0] if self.took else float("nan")
        return 1000 * statistics.quantiles(self.took, n=100, method="inclusive")[percent - 1]


def main(*, small: bool = False) -> dict[str, Stretch]:
    """The stretches by database and name, as `sqlite: 20 people, 1 s of thinking`."""
    size, stretches = SMALL if small else Size(), {}
    for database in ("sqlite", "postgresql"):
        with _project(database, size) as url:
            if url is None:
                line(f"annotators on {database}", "not installed here")
                continue
            with server(url) as (address, pid):
                for name, stretch in asyncio.run(_stretches(address, pid, size)).items():
                    stretches[f"{database}: {name}"] = stretch
                    _print(f"{database}: {name}", stretch)
    line("peers, 20 people, 1 s of thinking", "")
    sys.stdout.write(f"  {PEERS}\n")
    return stretches


PROMISES = {"one person": "p50 60, p95 120", "every 4 s": "p95 100", "1 s of thinking": "p95 200"}


def _print(name: str, stretch: Stretch) -> None:
    promise = next((said for words, said in PROMISES.items() if words in name), "")
    line(
        f"{name}: p50, p95, p99",
        f"{stretch.ms(50):.0f}, {stretch.ms(95):.0f}, {stretch.ms(99):.0f} ms",
        promise=promise,
    )
    said = f"{stretch.per_second:.1f}/s, {stretch.errors} errors"
    promised = {"20 people, 1 s": "18/s, 0", "30 people, 1 s": "25/s, 0"}
    line("  answers, errors", said, promise=next((p for words, p in promised.items() if words in name), ""))
    line("  server CPU a decision", f"{stretch.cpu_ms:.0f} ms", promise="30 ms")
    line("  messages a decision", f"{stretch.messages / max(1, len(stretch.took)):.0f}", promise="about 35")


async def _stretches(address: str, pid: int, size: Size) -> dict[str, Stretch]:
    tokens = [sign_in(address, f"a{n}") for n in range(size.more_people)]
    pages = [await Page.open(address, token, "pairs") for token in tokens]
    for page in pages:
        await page.run()
        await _decide(page, Stretch())  # the first of a session draws more
    people, more, think, every = pages[: size.people], pages, size.think_s, size.every_s
    thinking = f"{think:g} s of thinking"
    found = {
        f"one person, {thinking}": await _work(pages[:1], pid, seconds=size.solo, think=think),
        f"{len(people)} people, a decision every {every:g} s": await _work(
            people, pid, seconds=size.seconds, every=every
        ),
        f"{len(people)} people, {thinking}": await _work(people, pid, seconds=size.seconds, think=think),
        f"{len(more)} people, {thinking}": await _work(more, pid, seconds=size.seconds, think=think),
    }
    for page in pages:
        await page.close()
    return found


async def _work(pages: list[Page], pid: int, *, seconds: float, think: float = 0.0, every: float = 0.0) -> Stretch:
    stretch, cpu, began = Stretch(), cpu_s(pid), time.monotonic()
    await asyncio.gather(*(_person(page, stretch, until=began + seconds, think=think, every=every) for page in pages))
    stretch.wall_s, stretch.cpu_s = time.monotonic() - began, cpu_s(pid) - cpu
    return stretch


async def _person(page: Page, stretch: Stretch, *, until: float, think: float, every: float) -> None:
    """`think`: seconds after each answer's screen; `every`: seconds from click to click."""
    await asyncio.sleep(random.random() * (every or think))
    while time.monotonic() < until:
        began = time.monotonic()
        await _decide(page, stretch)
        await asyncio.sleep(think or max(0.0, every - (time.monotonic() - began)))


async def _decide(page: Page, stretch: Stretch) -> None:
    """Approve or reject what is on screen; an error where the next screen is not another pair."""
    before = page.button("verdict-approve-")
    pressed = page.button(random.choice(("verdict-approve-", "verdict-approve-", "verdict-reject-")))
    if before is None or pressed is None:
        stretch.errors += 1
        await page.run()
        return
    took = await page.run(press=pressed)
    if page.failed or page.button("verdict-approve-") in (None, before):
        stretch.errors += 1
        return
    stretch.took.append(took)
    stretch.messages += page.messages


@contextmanager
def _project(database: str, size: Size) -> Iterator[str | None]:
    """The address of a new database: a finished run of pairs with its queues, and accounts a0, a1, …"""
    with tempfile.TemporaryDirectory() as folder, empty_database(database, Path(folder)) as url:
        if url is not None:
            _fill(url, size)
        yield url


def _fill(url: str, size: Size) -> None:
    from db.accounts.users import create_user
    from db.engine import write
    from db.migrate import migrate
    from db.review.filling import open_run_queues

    with database_at(url):
        migrate()
        job_id = fill_with_pairs(size.pairs)
        with write() as session:
            open_run_queues(session, job_id=job_id, title="Talk")
        for n in range(size.more_people):
            create_user(name=f"a{n}", password=PASSWORD, roles=["annotator"])


if __name__ == "__main__":
    main()
