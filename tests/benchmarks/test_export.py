"""The export benchmark, small: it writes every row in every form and prints its figures. How fast is for `make bench`
to say."""

import pytest

from benchmarks import export


def test_it_writes_every_row_and_says_what_it_took(capsys: pytest.CaptureFixture[str]) -> None:
    figures = export.main(small=True)
    forms = {f"{kind} {name}" for kind in ("preference", "sft") for name in ("trl", "llamafactory", "ids")}
    assert figures.keys() == forms | {"peak_mb"}
    assert all(figure > 0 for figure in figures.values())
    printed = capsys.readouterr().out
    assert printed.count("promised: 10 s") == len(forms) and "memory at most" in printed
