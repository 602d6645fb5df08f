"""Export: what 50,000 pairs take in each form that the page offers, and how much memory the command needs for them."""

import subprocess
import sys
from pathlib import Path
from typing import get_args

from benchmarks._memory import wait_and_watch
from benchmarks._pairs import RUN, fill_with_pairs
from benchmarks._project import PROJECT, temporary_database
from benchmarks._report import clock, line
from proutt_core.actions.export import run_export
from proutt_core.export import ExportFormat, ExportKind

PAIRS, SMALL = 50_000, 200
PROMISED_S = 10.0


def main(*, small: bool = False) -> dict[str, float]:
    """Write a run of 50,000 pairs (small: 200) in every kind and format; seconds by "kind format", and peak_mb."""
    count = SMALL if small else PAIRS
    with temporary_database() as folder:
        fill_with_pairs(count)
        figures = {
            f"{kind} {format_}": _seconds(folder / "pairs", kind, format_, count)
            for kind in get_args(ExportKind)
            for format_ in get_args(ExportFormat)
        }
        figures["peak_mb"] = _peak_mb(folder / "pairs.jsonl")
    line(f"export: {count:,} pairs by the command, memory at most", f"{figures['peak_mb']:.0f} MB")
    return figures


def _seconds(out: Path, kind: ExportKind, format_: ExportFormat, count: int) -> float:
    with clock() as took:
        written = run_export(run=RUN, kind=kind, format=format_, status="all", out=out)
    if written.rows != count:
        raise AssertionError(f"{written.rows} rows of {count} pairs")
    figure = f"{took.wall_s:.2f} s, CPU {took.cpu_s:.2f} s, {count / took.wall_s:,.0f}/s"
    line(
        f"export: {count:,} pairs as {kind} {format_}, {out.stat().st_size / count / 1000:.1f} kB a row",
        figure,
        promise=f"{PROMISED_S:.0f} s of {PAIRS:,}",
    )
    return took.wall_s


def _peak_mb(out: Path) -> float:
    """Of a process of its own, which reads the run too."""
    command = [sys.executable, "-m", "proutt_core", "export", "preference", "--run", RUN, "--format", "trl"]
    process = subprocess.Popen([*command, "--status", "all", "--out", str(out)], cwd=PROJECT, stdout=subprocess.DEVNULL)
    peak = wait_and_watch(process)
    if process.returncode != 0:
        raise AssertionError(f"the command ended with {process.returncode}")
    return peak


if __name__ == "__main__":
    main()
