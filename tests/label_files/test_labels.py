from collections.abc import Callable
from pathlib import Path

import pytest

from proutt_core.errors import InputError
from proutt_core.label_files import read_labels
from proutt_core.statistics.labels import Label

Refusal = Callable[[str | bytes], str]

HEADER = "item,rater,kind,verdict\n"


@pytest.fixture
def refusal(tmp_path: Path) -> Refusal:
    """Writes a file, reads it, and returns the message it is refused with."""

    def of(content: str | bytes) -> str:
        path = tmp_path / "labels.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        with pytest.raises(InputError) as caught:
            read_labels(path)
        assert str(path) in str(caught.value)
        return str(caught.value)

    return of


def write(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "labels.csv"
    path.write_bytes(content)
    return path


def test_labels_are_read_in_file_order(tmp_path: Path) -> None:
    path = write(tmp_path, (HEADER + "2,anna,human,tie\n1,gpt,judge,b\n").encode())
    assert read_labels(path) == [Label("2", "anna", "human", "tie"), Label("1", "gpt", "judge", "b")]


def test_byte_order_mark_line_ends_blank_rows_extra_columns_and_column_order(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "\ufeffverdict,note,item,kind,rater\r\n"
        'a,"好, twice",1, human ,小明\r\n'
        "\r\n"
        ",,,,\r\n"
        'b,"over\r\ntwo lines",2,human,小明\r\n'.encode(),
    )
    assert read_labels(path) == [Label("1", "小明", "human", "a"), Label("2", "小明", "human", "b")]


def test_the_same_verdict_twice_counts_once(tmp_path: Path) -> None:
    path = write(tmp_path, (HEADER + "1,anna,human,a\n1,anna,human,a\n").encode())
    assert read_labels(path) == [Label("1", "anna", "human", "a")]


@pytest.mark.parametrize("verdict", ["C", "left", "0", "garbage"])
def test_an_unknown_verdict_names_row_field_value_and_what_is_allowed(refusal: Refusal, verdict: str) -> None:
    message = refusal(HEADER + f"1,anna,human,a\n2,anna,human,{verdict}\n")
    assert f"row 3, verdict: '{verdict}' is not allowed, only a, tie, b" in message


def test_an_empty_verdict_is_no_tie(refusal: Refusal) -> None:
    message = refusal(HEADER + "1,gpt,judge,\n")
    assert "row 2, verdict: '' is not allowed, only a, tie, b; leave out the rows" in message


def test_an_unknown_kind(refusal: Refusal) -> None:
    assert "row 2, kind: 'llm' is not allowed, only human, judge" in refusal(HEADER + "1,gpt,llm,a\n")


@pytest.mark.parametrize(("row", "column"), [(" ,anna,human,a", "item"), ("1,,human,a", "rater")])
def test_an_empty_name(refusal: Refusal, row: str, column: str) -> None:
    assert f"row 2, {column}: it is empty" in refusal(HEADER + row + "\n")


def test_another_verdict_for_the_same_item_and_rater(refusal: Refusal) -> None:
    message = refusal(HEADER + "1,anna,human,a\n2,anna,human,a\n1,anna,human,b\n")
    assert "row 4, verdict: rater 'anna' says 'b' on item '1' and 'a' in row 2" in message


def test_a_rater_who_is_human_and_judge(refusal: Refusal) -> None:
    message = refusal(HEADER + "1,anna,human,a\n2,anna,judge,a\n")
    assert "row 3, kind: rater 'anna' is 'judge' here and 'human' in row 2" in message


def test_a_row_number_counts_rows_and_not_lines(refusal: Refusal) -> None:
    message = refusal('item,rater,kind,verdict,note\n1,anna,human,a,"two\nlines"\n\n2,anna,human,x,\n')
    assert "row 4, verdict: 'x'" in message


@pytest.mark.parametrize("row", ["1,anna,human", "Hello, you,anna,human,a"])
def test_a_row_of_another_length(refusal: Refusal, row: str) -> None:
    message = refusal(HEADER + row + "\n")
    assert "row 2:" in message and "the header has 4" in message


def test_a_missing_column(refusal: Refusal) -> None:
    message = refusal("item,kind,verdict\n1,human,a\n")
    assert "no column is known to hold the rater" in message and "found item, kind, verdict" in message


def test_without_a_kind_all_raters_are_people(tmp_path: Path) -> None:
    assert read_labels(write(tmp_path, b"item,rater,verdict\n1,anna,a\n")) == [Label("1", "anna", "human", "a")]


def test_a_repeated_column(refusal: Refusal) -> None:
    assert "'verdict' appears 2 times" in refusal("item,rater,kind,verdict,verdict\n1,anna,human,a,b\n")


def test_an_empty_file(refusal: Refusal) -> None:
    assert "is empty" in refusal("")


def test_a_header_alone(refusal: Refusal) -> None:
    assert "holds no label" in refusal(HEADER)


def test_a_quote_that_never_closes(refusal: Refusal) -> None:
    assert "not readable as CSV" in refusal(HEADER + '1,"anna,human,a\n2,anna,human,b\n')


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no file"):
        read_labels(tmp_path / "none.csv")
