"""Importing LMSYS-shaped dialogues by the command, whole: start of Python, reading, checks, database, both processes.

Each import is a process of its own, so that its memory is its own. Memory is the largest sum, over that process and
those it started, of the memory that is resident; looked at every 20 ms.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks._lmsys import write_jsonl, write_parquet
from benchmarks._memory import wait_and_watch
from benchmarks._report import line

PROJECT = Path(__file__).resolve().parents[1]
COUNT, SMALL = 100_000, 1_500
POSTGRES = 20_000  # rows at most: it shows the rate, and costs less
WRITERS: dict[str, Callable[[Path, int], Path]] = {"jsonl": write_jsonl, "parquet": write_parquet}


@dataclass(frozen=True)
class Measured:
    dialogues: int
    wall_s: float
    cpu_s: float  # of both processes
    peak_mb: float  # of both together

    @property
    def per_second(self) -> float:
        return self.dialogues / self.wall_s


def main(*, small: bool = False) -> dict[str, Measured]:
    """Rate and memory by layout and database: `jsonl sqlite`, `parquet sqlite`, `jsonl postgresql`."""
    figures: dict[str, Measured] = {}
    count = SMALL if small else COUNT
    with tempfile.TemporaryDirectory() as folder:
        files = {layout: write(Path(folder) / f"talks.{layout}", count) for layout, write in WRITERS.items()}
        for layout, path in files.items():
            line(f"{layout}, made", f"{count:,} rows, {path.stat().st_size / 1e6:,.0f} MB")
            figures[f"{layout} sqlite"] = _measured(path, f"sqlite:///{folder}/{layout}.db")
            _print(f"{layout} into SQLite", figures[f"{layout} sqlite"])
        with _postgres() as address:
            if address is not None:
                path = write_jsonl(Path(folder) / "fewer.jsonl", min(count, POSTGRES))
                figures["jsonl postgresql"] = _measured(path, address)
                _print("jsonl into PostgreSQL", figures["jsonl postgresql"])
    return figures


def _print(what: str, made: Measured) -> None:
    line(what, f"{made.per_second:,.0f} dialogues/s", promise="5,000/s")
    line("  CPU of both processes", f"{made.cpu_s / made.dialogues * 1e6:,.0f} µs a dialogue")
    line("  wall, peak memory of both", f"{made.wall_s:.1f} s, {made.peak_mb:,.0f} MB", promise="500 MB")


@contextmanager
def _postgres() -> Iterator[str | None]:
    from tests import postgres

    if postgres.binaries() is None:
        line("jsonl into PostgreSQL", "not installed here")
        yield None
        return
    with postgres.server() as address:
        yield f"{address}/postgres"


def _measured(path: Path, database: str) -> Measured:
    environment = os.environ | {"PROUTT_DATABASE_URL": database}
    program = [sys.executable, "-m", "proutt_core"]
    subprocess.run([*program, "init"], cwd=PROJECT, env=environment, check=True, capture_output=True)
    words = [*program, "import", str(path), "--dataset", "bench", "--title", "Talk", "--json"]
    cpu, wall = _children_cpu(), time.monotonic()
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(words, cwd=PROJECT, env=environment, stdout=out, stderr=subprocess.DEVNULL)
        peak = wait_and_watch(process)
        wall = time.monotonic() - wall
        out.seek(0)
        said = out.read().decode()
    if process.returncode:
        raise RuntimeError(f"the import ended with {process.returncode}: {said}")
    report = json.loads(said.splitlines()[-1])
    return Measured(report["imported"], wall, _children_cpu() - cpu, peak)


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
