"""Ten thousand damaged files: each ends in a report or in one clear error; none in a traceback or half an import.

All go through the readers; one in ten is imported into a database. The slowest is named: a file must not hold a worker.
"""

import os
import random
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks._mutations import mutated, seeds
from benchmarks._report import line
from proutt_core.dialogues import ImportReport, ImportSettings, find_source, import_dialogues, rows_of
from proutt_core.dialogues.batches import columns
from proutt_core.dialogues.pairs.released import find_released, read_pairs
from proutt_core.errors import ProuttError

FILES, SMALL = 10_000, 300
IMPORTED_EVERY = 10
BOUND_S = 10.0  # for a file of some 30 kB, on a busy machine
TITLE = "Talk"


@dataclass
class Fuzzed:
    """What became of the files. `wrong`: the file's number and what happened; it should be empty."""

    files: int = 0
    read: int = 0
    refused: int = 0
    imported: int = 0
    slowest_s: float = 0.0
    slowest: str = ""
    wrong: list[str] = field(default_factory=list)


def main(*, small: bool = False, seed: int = 0) -> Fuzzed:
    count = SMALL if small else FILES
    with tempfile.TemporaryDirectory() as name, _database(Path(name)):
        outcome = fuzz(Path(name), count=count, seed=seed)
    line("damaged files", f"{outcome.files:,}")
    line("  ended in a report / in one clear error", f"{outcome.read:,} / {outcome.refused:,}")
    line("  of these imported into a database", f"{outcome.imported:,}")
    line("  the slowest", f"{outcome.slowest_s:.2f} s ({outcome.slowest})", promise=f"{BOUND_S:.0f} s")
    line("  tracebacks, half imports", f"{len(outcome.wrong):,}", promise="0")
    if outcome.wrong or outcome.slowest_s > BOUND_S:
        raise RuntimeError("\n".join(outcome.wrong[:5]) or f"{outcome.slowest} took {outcome.slowest_s:.1f} s")
    return outcome


def fuzz(folder: Path, *, count: int, seed: int, imported_every: int = IMPORTED_EVERY) -> Fuzzed:
    """`count` files made from the seed, each in turn; into the database now in force, one in `imported_every`
    (0: none)."""
    draw, outcome = random.Random(seed), Fuzzed()
    whole = seeds(folder)
    names = list(whole)
    for number in range(count):
        name = names[number % len(names)]
        path = folder / f"{number}-{name}"
        path.write_bytes(mutated(draw, whole[name]))
        try:
            into_database = imported_every > 0 and number % imported_every == 0
            _import_one(path, outcome, into_database=into_database, settings=_settings(draw))
        except Exception:  # noqa: BLE001  # whatever it is, it is what this looks for
            outcome.wrong.append(f"{path.name}, seed {seed}: {traceback.format_exc()}")
        finally:
            path.unlink()
        outcome.files += 1
    return outcome


def _settings(draw: random.Random) -> ImportSettings:
    turn = draw.choice(("random", "last", "all"))
    return ImportSettings.model_validate({"turn": turn, "sample": draw.choice((None, None, None, 2))})


def _import_one(path: Path, outcome: Fuzzed, *, into_database: bool, settings: ImportSettings) -> None:
    started = time.monotonic()
    try:
        read(path, settings)
        outcome.read += 1
    except ProuttError as exc:
        assert str(exc).isprintable(), f"an error that cannot be shown: {exc!r}"
        outcome.refused += 1
    if into_database:
        store(path, settings)
        outcome.imported += 1
    took = time.monotonic() - started
    if took > outcome.slowest_s:
        outcome.slowest_s, outcome.slowest = took, path.name


def read(path: Path, settings: ImportSettings) -> None:
    """Every row: its report adds up, and nothing of it would be refused by a database."""
    released = find_released(path)
    if released is not None:
        for row in read_pairs(released):
            repr(row).encode("utf-8")
        return
    report, items = ImportReport(), 0
    for item in import_dialogues(rows_of(find_source(path)), settings, report):
        items += 1
        stored = columns(item)
        assert "\x00" not in "".join(str(value) for value in stored)
        "".join(str(value) for value in stored).encode("utf-8")
    assert report.rows == report.imported + report.duplicates + report.earlier_states + report.skipped
    assert report.imported == items
    assert ImportReport.from_dict(report.as_dict()).as_dict() == report.as_dict()


def store(path: Path, settings: ImportSettings) -> None:
    """Into the database: ready with all that its report says, or nothing is left of it."""
    from db.datasets import datasets, imports
    from proutt_core.actions.importing import forget_import, import_now
    from proutt_core.jobs.kinds.importing import ImportRequest

    name = path.name
    try:
        made = import_now(ImportRequest((str(path),), name, TITLE, settings=settings))
    except ProuttError as exc:
        assert datasets.find(name) is None
        left = imports.unfinished(name)
        assert left is None or left.so_far.rows, f"neither removed nor resumable, after {exc}"
        forget_import(name)
        return
    ready = datasets.required(name)
    assert made.imported == (ready.pairs if ready.kind == "pairs" else ready.dialogues)
    assert ready.report == made.as_dict()


@contextmanager
def _database(folder: Path) -> Iterator[None]:
    from db.engine import dispose
    from db.migrate import migrate

    before = os.environ.get("PROUTT_DATABASE_URL")
    os.environ["PROUTT_DATABASE_URL"] = f"sqlite:///{folder / 'fuzz.db'}"
    try:
        migrate()
        yield
    finally:
        dispose()
        os.environ.pop("PROUTT_DATABASE_URL")
        if before is not None:
            os.environ["PROUTT_DATABASE_URL"] = before


if __name__ == "__main__":
    main()
