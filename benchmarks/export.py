"""Export: rows a second, and what 50,000 pairs take. Pairs with eight messages and two traces, about 9 kB a row."""

from pathlib import Path

from benchmarks._pairs import RUN, fill_with_pairs
from benchmarks._project import temporary_database
from benchmarks._report import clock, line

PAIRS, SMALL = 20_000, 200
PROMISED, PROMISED_S = 50_000, 10.0


def main(*, small: bool = False) -> dict[str, float]:
    """Write a run of 20,000 pairs (small: 200) as preference rows; returns rows, rows_per_s and cpu_s."""
    count = SMALL if small else PAIRS
    with temporary_database() as folder:
        return _measured(folder, count)


def _measured(folder: Path, count: int) -> dict[str, float]:
    from proutt_core.actions.export import run_export

    fill_with_pairs(count)
    out = folder / "pairs.jsonl"
    with clock() as took:
        written = run_export(run=RUN, kind="preference", format="trl", status="all", out=out)
    if written.rows != count:
        raise AssertionError(f"{written.rows} rows of {count} pairs")
    per_row = out.stat().st_size / written.rows
    line(f"export: {count:,} pairs of {per_row / 1000:.1f} kB", f"{took.wall_s:.2f} s, CPU {took.cpu_s:.2f} s")
    promised = PROMISED * took.wall_s / count
    line(f"export: {PROMISED:,} such pairs", f"{promised:.1f} s", promise=f"{PROMISED_S:.0f} s")
    return {"rows": written.rows, "rows_per_s": count / took.wall_s, "cpu_s": took.cpu_s, "seconds_50000": promised}


if __name__ == "__main__":
    main()
