"""The benchmark of pages, small: it opens them on a real server and prints its figures. How fast is for `make bench`
to say."""

import pytest

from benchmarks import pages


def test_a_page_is_opened_first_and_again_and_with_its_lines_moved(capsys: pytest.CaptureFixture[str]) -> None:
    figures = pages.main(small=True)
    assert list(figures) == ["thresholds", "thresholds, a line moved"]
    assert all(len(opened.first) == 1 and len(opened.again) > 1 for opened in figures.values())
    assert capsys.readouterr().out.count("promised: 150 ms") == 4
