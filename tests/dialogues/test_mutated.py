"""Small files of every kind, damaged at random (seeded): they end in a report or a clear error, and in no half import.

`make bench` does ten thousand; here are some hundred, other ones for each database.
"""

from pathlib import Path

import pytest

from benchmarks import fuzz
from benchmarks._mutations import seeds
from proutt_core.dialogues import ImportSettings


def test_the_files_that_are_damaged_can_be_imported_whole(sqlite: str, tmp_path: Path) -> None:
    whole = seeds(tmp_path)
    assert len(whole) >= 10
    for name, content in whole.items():
        (tmp_path / name).write_bytes(content)
        fuzz.read(tmp_path / name, ImportSettings())
        fuzz.store(tmp_path / name, ImportSettings())


@pytest.mark.parametrize("seed", range(4))
def test_damaged_files_are_read_or_refused(tmp_path: Path, seed: int) -> None:
    outcome = fuzz.fuzz(tmp_path, count=150, seed=100 + seed, imported_every=0)
    assert outcome.wrong == []
    assert outcome.files == outcome.read + outcome.refused == 150
    assert min(outcome.read, outcome.refused) > 20  # both ends are met


def test_damaged_files_are_imported_or_leave_nothing(database: str, tmp_path: Path) -> None:
    outcome = fuzz.fuzz(tmp_path, count=80, seed=7, imported_every=2)
    assert outcome.wrong == []
    assert outcome.imported == 40
