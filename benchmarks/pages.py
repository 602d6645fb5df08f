"""The researcher's pages over 10,000 pairs: opened first after a start of the server, and drawn again.

A browser reduced to its websocket asks; a page is there when its script has ended and all its messages have come. The
server's CPU time stands beside the wall's, because others use these machines too.
"""

import re
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks._pairs import TAU_HIGH, TAU_LOW, add_pairs
from benchmarks._project import temporary_database
from benchmarks._report import line
from benchmarks._sessions import PASSWORD, cpu_s, server, sign_in
from db.accounts.users import create_user
from db.engine import database_url
from db.jobs import jobs
from tests.browser.wire import Wire, open_page
from tests.jobs.project import import_talks, queue_run, run_here

PAIRS, SMALL = 10_000, 200
AGAIN = 15
PAGES = ("datasets", "synthesis", "thresholds")
PROMISED = "150 ms"
RUN, NAME = "pages-bench", "lead"


@dataclass(frozen=True)
class Opened:
    """Milliseconds; those of a page drawn again are medians."""

    first_ms: float
    again_ms: float
    first_cpu_ms: float
    again_cpu_ms: float


def main(*, small: bool = False) -> dict[str, Opened]:
    """By page, each on a server just started, and "thresholds, a line moved" on its last one."""
    figures: dict[str, Opened] = {}
    with temporary_database():
        _run_of(SMALL if small else PAIRS)
        create_user(name=NAME, password=PASSWORD, roles=["researcher"])
        for name in PAGES[-1:] if small else PAGES:
            with server(database_url()) as (url, pid), open_page(url, sign_in(url, NAME), name) as page:
                figures[name] = _opened(page.run, pid, times=3 if small else AGAIN)
                if name == "thresholds":
                    figures["thresholds, a line moved"] = _opened(_move_lines(page), pid, times=3 if small else AGAIN)
                if b":material/error:" in page.raw():
                    raise AssertionError(f"the page {name} shows an error")
    for name, figure in figures.items():
        _print(name, figure)
    return figures


def _run_of(count: int) -> None:
    """An imported dataset and a run of `rules` on it, and so many pairs more."""
    import_talks()
    job_id = queue_run(run=RUN).job_id
    run_here(job_id)
    add_pairs(count, dataset_id=jobs.required(job_id).dataset_id or 0, job_id=job_id)


def _print(name: str, figure: Opened) -> None:
    first = f"{figure.first_ms:.0f} ms, CPU {figure.first_cpu_ms:.0f} ms"
    again = f"{figure.again_ms:.0f} ms, CPU {figure.again_cpu_ms:.0f} ms"
    line(f"page {name}: first{'' if 'line' in name else ' after a start'}", first, promise=PROMISED)
    line(f"page {name}: again", again, promise=PROMISED)


def _opened(draw: Callable[[], object], pid: int, *, times: int) -> Opened:
    first, first_cpu = _timed(draw, pid)
    again = [_timed(draw, pid) for _ in range(times)]
    wall, cpu = (statistics.median(values) for values in zip(*again, strict=True))
    return Opened(first, wall, first_cpu, cpu)


def _timed(draw: Callable[[], object], pid: int) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), cpu_s(pid)
    draw()
    return 1000 * (time.perf_counter() - wall), 1000 * (cpu_s(pid) - cpu)


def _move_lines(page: Wire) -> Callable[[], object]:
    """Each time both lines stand elsewhere, and some items leave every branch."""
    slider = next(widget for widget in page.widget_ids() if re.search(r"-tau-[0-9a-f]{24}$", widget))
    moved = 0

    def move() -> None:
        nonlocal moved
        moved += 1
        step = 0.01 * (moved % 20)
        page.run(slide={slider: (TAU_LOW - 0.05 - step, TAU_HIGH - 0.05 - step)})

    return move


if __name__ == "__main__":
    main()
