"""The researcher's pages over 10,000 pairs: opened first after a start of the server, and drawn again. Medians.

A browser reduced to its websocket asks; a page is there when its script has ended and all its messages have come. The
server's CPU time stands beside the wall's, because others use these machines too.
"""

import re
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

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
STARTS, AGAIN = 3, 10
PAGES = ("datasets", "synthesis", "thresholds")
PROMISED = "150 ms"
RUN, NAME = "pages-bench", "lead"


@dataclass
class Opened:
    """(wall, CPU) in milliseconds of each time: first after a start of the server, and again."""

    first: list[tuple[float, float]] = field(default_factory=list)
    again: list[tuple[float, float]] = field(default_factory=list)


def main(*, small: bool = False) -> dict[str, Opened]:
    """By page, and "thresholds, a line moved", first and again."""
    figures: dict[str, Opened] = {}
    with temporary_database():
        _run_of(SMALL if small else PAIRS)
        create_user(name=NAME, password=PASSWORD, roles=["researcher"])
        for name in PAGES[-1:] if small else PAGES:
            for _ in range(1 if small else STARTS):
                _open_on_a_new_server(name, figures)
    for name, opened in figures.items():
        _print(f"page {name}: first", opened.first)
        _print(f"page {name}: again", opened.again)
    return figures


def _open_on_a_new_server(name: str, figures: dict[str, Opened]) -> None:
    with server(database_url()) as (url, pid), open_page(url, sign_in(url, NAME), name) as page:
        _note(figures.setdefault(name, Opened()), page.run, pid)
        if name == "thresholds":
            _note(figures.setdefault("thresholds, a line moved", Opened()), _move_lines(page), pid)
        if b":material/error:" in page.raw():
            raise AssertionError(f"the page {name} shows an error")


def _note(opened: Opened, draw: Callable[[], object], pid: int) -> None:
    opened.first.append(_timed(draw, pid))
    opened.again += [_timed(draw, pid) for _ in range(AGAIN)]


def _print(what: str, times: list[tuple[float, float]]) -> None:
    """Medians."""
    wall, cpu = (statistics.median(values) for values in zip(*times, strict=True))
    line(what, f"{wall:.0f} ms, CPU {cpu:.0f} ms", promise=PROMISED)


def _run_of(count: int) -> None:
    """An imported dataset and a run of `rules` on it, and so many pairs more."""
    import_talks()
    job_id = queue_run(run=RUN).job_id
    run_here(job_id)
    add_pairs(count, dataset_id=jobs.required(job_id).dataset_id or 0, job_id=job_id)


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
