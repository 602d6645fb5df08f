"""The benchmarks of imports, small: the same code that prints what the README states."""

import pytest

from benchmarks import imports


def test_every_layout_and_database_is_measured(capfd: pytest.CaptureFixture[str]) -> None:
    figures = imports.main(small=True)
    assert {"jsonl sqlite", "parquet sqlite"} <= set(figures)
    assert all(made.dialogues > imports.SMALL * 0.95 for made in figures.values())
    assert all(0 < made.peak_mb < 500 for made in figures.values())
    assert "dialogues/s" in capfd.readouterr().out
