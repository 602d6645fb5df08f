"""Numbers as screens show them."""

import pytest

from proutt_core.display.numbers import each, page_count, page_offset, percent, short


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [(0, 0, "–"), (0, 9, "0 %"), (1, 1000, "< 1 %"), (1, 3, "33 %"), (999, 1000, "> 99 %"), (9, 9, "100 %")],
)
def test_a_percentage_is_0_or_100_only_when_it_is(part: int, whole: int, expected: str) -> None:
    assert percent(part, whole) == expected


def test_an_empty_list_has_one_page() -> None:
    assert [page_count(n, 10) for n in (0, 1, 10, 11)] == [1, 1, 1, 2]
    assert page_offset(3, 10) == 20


@pytest.mark.parametrize(
    ("n", "expected"),
    [
        (0, "0"),
        (9_999, "9,999"),
        (10_000, "10.0 k"),
        (12_345, "12.3 k"),
        (123_456, "123 k"),
        (999_499, "999 k"),
        (999_500, "1.00 M"),
        (1_234_567, "1.23 M"),
        (45_678_901, "45.7 M"),
        (2e12, "2,000 G"),
    ],
)
def test_a_large_count_has_three_digits(n: float, expected: str) -> None:
    assert short(n) == expected


def test_how_much_falls_to_each() -> None:
    assert (each(17, 2), each(5, 0)) == ("8.5", "–")
