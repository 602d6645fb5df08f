"""The export benchmark, small: it writes every row and prints its figures. How fast is for `make bench` to say."""

import pytest

from benchmarks import export


def test_it_writes_every_row_and_says_what_it_took(capsys: pytest.CaptureFixture[str], sqlite: str) -> None:
    figures = export.main(small=True)
    assert figures["rows"] == export.SMALL
    assert figures["rows_per_s"] > 0
    assert "promised: 10 s" in capsys.readouterr().out
