"""How benchmarks print: one line a figure, wall and CPU seconds beside each other, for these machines are shared."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


def line(what: str, figure: str, *, promise: str = "") -> None:
    """One figure, and beside it what the design promises."""
    sys.stdout.write(f"{what:64} {figure:>28}" + (f"   (promised: {promise})" if promise else "") + "\n")
    sys.stdout.flush()


@dataclass
class Clock:
    """Seconds of a stretch of work; whole once its `with` block has ended."""

    wall_s: float = 0.0
    cpu_s: float = 0.0


@contextmanager
def clock() -> Iterator[Clock]:
    clock_values = Clock()
    wall, cpu = time.monotonic(), time.process_time()
    try:
        yield clock_values
    finally:
        clock_values.wall_s, clock_values.cpu_s = time.monotonic() - wall, time.process_time() - cpu
