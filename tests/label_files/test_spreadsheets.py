"""Label files as spreadsheets save them: separators, encodings, workbooks, headers and values as people write them."""

from pathlib import Path

import pytest

from proutt_core.errors import InputError
from proutt_core.label_files import TEMPLATE, LabelColumns, read_label_set, read_labels
from proutt_core.statistics.labels import Label
from tests.label_files.workbook import workbook

ROWS = (
    ("item", "rater", "kind", "verdict"),
    ("q0", "ann", "human", "a"),
    ("q0", "bo", "human", "tie"),
    ("q0", "gpt", "judge", "b"),
)
LABELS = [Label("q0", "ann", "human", "a"), Label("q0", "bo", "human", "tie"), Label("q0", "gpt", "judge", "b")]


def table(separator: str = ",", *, end: str = "\n") -> str:
    return "".join(separator.join(row) + end for row in ROWS)


def read(tmp_path: Path, data: bytes, columns: LabelColumns = LabelColumns()) -> list[Label]:  # noqa: B008 - frozen
    path = tmp_path / "labels"
    path.write_bytes(data)
    return read_labels(path, columns)


def refusal(tmp_path: Path, data: bytes, columns: LabelColumns = LabelColumns()) -> str:  # noqa: B008 - frozen
    with pytest.raises(InputError) as caught:
        read(tmp_path, data, columns)
    message = str(caught.value)
    assert message.isprintable(), "one line with nothing raw in it"
    return message.replace(str(tmp_path / "labels"), "FILE")


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_any_separator_line_end_and_encoding(tmp_path: Path, separator: str, end: str, encoding: str) -> None:
    assert read(tmp_path, table(separator, end=end).encode(encoding)) == LABELS


@pytest.mark.parametrize("first", ["sep=;\r\n", "SEP=;\n", '"sep=;"\n'])
def test_the_line_that_tells_excel_the_separator(tmp_path: Path, first: str) -> None:
    assert read(tmp_path, ("\ufeff" + first + table(";")).encode()) == LABELS


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("cp1252", ("José", "Zoë")),
        ("cp1252", ("Müller", "Ann")),
        ("gb18030", ("小明", "王芳")),
        ("gb18030", ("李", "bo")),
    ],
)
def test_names_in_the_encodings_that_excel_writes_without_a_word(
    tmp_path: Path, encoding: str, names: tuple[str, str]
) -> None:
    path = tmp_path / "labels.csv"
    path.write_bytes(f"item;rater;verdict\nq0;{names[0]};a\nq0;{names[1]};b\n".encode(encoding))
    read_set = read_label_set(path)
    assert [label.rater for label in read_set.labels] == list(names)
    assert f"read as {encoding}, which is a guess" in read_set.notes[0]


def test_a_wrong_byte_in_text_that_is_marked(tmp_path: Path) -> None:
    assert "FILE, line 2: bytes that are no text in utf-8" in refusal(
        tmp_path, b"\xef\xbb\xbfitem,rater,verdict\nq\xff,a,a"
    )


@pytest.mark.parametrize(
    "header",
    [
        "Item,Rater,Kind,Verdict",
        " ITEM , rater ,KIND,VERDICT ",
        "Item ID,Rater name,Rater kind,Verdict",
        "id,user,kind,label",
    ],
)
def test_headers_in_capitals_padded_or_of_other_names(tmp_path: Path, header: str) -> None:
    assert read(tmp_path, table().replace("item,rater,kind,verdict", header).encode()) == LABELS


@pytest.mark.parametrize(
    ("written", "verdict"),
    [
        *(
            (text, "a")
            for text in ("A", " a ", "Model A", "model_a", "Response-A", "A is better", "A wins", "Assistant A")
        ),
        *((text, "tie") for text in ("Tie", "TIE ", "draw", "No preference", "tie (bothbad)", "both_bad", "Equal")),
        *((text, "b") for text in ("B", "b", "model_b", "The response B is slightly better")),
    ],
)
def test_verdicts_as_people_write_them(tmp_path: Path, written: str, verdict: str) -> None:
    (label,) = read(tmp_path, f"item,rater,Kind,verdict\n1,ann,Human,{written}\n".encode())
    assert (label.verdict, label.kind) == (verdict, "human")


@pytest.mark.parametrize("side", ["left", "RIGHT", "1"])
def test_a_side_is_no_verdict(tmp_path: Path, side: str) -> None:
    message = refusal(tmp_path, f"item,rater,verdict\n1,ann,{side}\n".encode())
    assert f"FILE, row 2, verdict: '{side}' is not allowed" in message and "never the side on screen" in message


def test_long_text_and_line_ends_in_quotes(tmp_path: Path) -> None:
    long = "x" * 200_000
    data = f'item,text,rater,verdict\n1,"{long}\nsecond, ""line""\r\n\r\nend",ann,a\n2,,ann,\n'
    assert "FILE, row 3, verdict: '' is not allowed" in refusal(tmp_path, data.encode())
    assert read(tmp_path, data.replace("ann,\n", "ann,b\n").encode())[1] == Label("2", "ann", "human", "b")


def test_separators_at_the_end_of_rows_are_no_columns(tmp_path: Path) -> None:
    assert read(tmp_path, b"item,rater,verdict\n1,ann,a,,\n,,,,\n") == [Label("1", "ann", "human", "a")]


# --- wide and long, chosen and guessed --------------------------------------------------------------------------------


def test_a_column_for_each_rater(tmp_path: Path) -> None:
    data = b"Question,text,Ann,Bo,GPT-4\nq1,hello,A,tie,B\nq2,a,B,,A\n"
    columns = LabelColumns(item="question", judges=("GPT-4",))
    expected = [
        Label("q1", "Ann", "human", "a"),
        Label("q1", "Bo", "human", "tie"),
        Label("q1", "GPT-4", "judge", "b"),
        Label("q2", "Ann", "human", "b"),
        Label("q2", "GPT-4", "judge", "a"),
    ]
    assert read(tmp_path, data, columns) == expected
    assert read(tmp_path, data, LabelColumns(judges=("GPT-4",))) == expected, "the first column of different values"


def test_a_misspelt_verdict_is_told_and_takes_no_rater_away(tmp_path: Path) -> None:
    assert "FILE, row 3, Ann: 'x' is not allowed" in refusal(tmp_path, b"case,Ann,Bo\nq1,A,B\nq2,x,B\nq3,A,A\n")
    assert "FILE, row 3, vote: 'x' is not allowed" in refusal(
        tmp_path, b"case,user,vote\nq1,Ann,B\nq2,Ann,x\nq3,Ann,A\n"
    )


def test_raters_and_items_called_a_and_b(tmp_path: Path) -> None:
    data = b"item,annotator,label\nA,A,b\nA,B,tie\nB,A,a\n"
    assert read(tmp_path, data) == [
        Label("A", "A", "human", "b"),
        Label("A", "B", "human", "tie"),
        Label("B", "A", "human", "a"),
    ]


@pytest.mark.parametrize("names", ["annotator,judge", "Ann,judge", "rater 1,rater 2"])
def test_columns_of_raters_that_bear_a_role(tmp_path: Path, names: str) -> None:
    labels = read(tmp_path, f"case,{names}\n1,a,b\n2,tie,b\n".encode())
    assert [label.rater for label in labels] == names.split(",") * 2


def test_chosen_columns_of_raters(tmp_path: Path) -> None:
    data = b"id,ann,bo,majority\n1,a,b,tie\n"
    assert [label.rater for label in read(tmp_path, data)] == ["ann", "bo", "majority"]
    assert [label.rater for label in read(tmp_path, data, LabelColumns(raters=("ann", "BO")))] == ["ann", "bo"]


def test_chosen_columns_go_before_guessed_ones(tmp_path: Path) -> None:
    data = b"id,case no,user,reader,label,second\n1,c1,x,ann,a,b\n"
    assert read(tmp_path, data) == [Label("1", "x", "human", "a")]
    columns = LabelColumns(item="Case No", rater="reader", verdict="second")
    assert read(tmp_path, data, columns) == [Label("c1", "ann", "human", "b")]


def test_the_verdict_is_found_by_what_stands_in_a_column(tmp_path: Path) -> None:
    assert read(tmp_path, b"id,annotator,which one is better\n1,ann,Tie\n") == [Label("1", "ann", "human", "tie")]


def test_a_column_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    message = refusal(tmp_path, b"id,user,label\n1,ann,a\n", LabelColumns(rater="reader"))
    assert message == "FILE: the column 'reader' appears 0 times; found id, user, label"


def test_a_judge_whom_nobody_knows(tmp_path: Path) -> None:
    message = refusal(tmp_path, table().encode(), LabelColumns(judges=("claude",)))
    assert message == "FILE: no rater is named 'claude'; raters are ann, bo, gpt"


def test_a_file_without_a_header(tmp_path: Path) -> None:
    assert "no column is known to hold the item; found q0, ann, human, a" in refusal(
        tmp_path, b"q0,ann,human,a\nq1,ann,human,b\n"
    )


def test_the_template_is_read(tmp_path: Path) -> None:
    assert [label.rater for label in read(tmp_path, TEMPLATE.encode("utf-8-sig"))] == ["Ann", "Bo", "gpt"]


# --- workbooks --------------------------------------------------------------------------------------------------------


def test_a_workbook_says_the_same_as_text(tmp_path: Path) -> None:
    assert read(tmp_path, workbook(ROWS)) == LABELS


def test_numbers_blank_rows_and_empty_sheets_of_a_workbook(tmp_path: Path) -> None:
    sheet = ((), (None, "Item", "Rater", "Verdict"), (None, 1, 7.0, "A"), (), (None, 2.0, 7, True))
    assert "FILE, row 5, Verdict: 'true' is not allowed" in refusal(tmp_path, workbook((), sheet))
    path = tmp_path / "book.xlsx"
    path.write_bytes(workbook((), sheet[:4], ROWS))
    read_set = read_label_set(path)
    assert read_set.labels == (Label("1", "7", "human", "a"),)
    assert read_set.notes == ('only the sheet "Sheet2" is read',)


def test_a_workbook_with_a_cell_at_the_end_of_the_world_costs_no_memory(tmp_path: Path) -> None:
    assert "row 1048576" in refusal(tmp_path, workbook(ROWS, far="XFD1048576"))


def test_a_damaged_workbook(tmp_path: Path) -> None:
    data = workbook(ROWS)
    assert "damaged" in refusal(tmp_path, data[: len(data) // 2])
    sheet = data.index(b"xl/worksheets/sheet1.xml") + 30
    assert "damaged" in refusal(tmp_path, data[:sheet] + bytes(20) + data[sheet + 20 :])


# --- what is no file of labels ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "FILE is empty"),
        (b" \r\n", "FILE is empty"),
        (b"%PDF-1.7\n", "FILE is a PDF"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "FILE is a Git LFS pointer"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
            "FILE is an old Office file (.xls, .doc): save the sheet as CSV",
        ),
        (b"<!DOCTYPE html><html></html>", "FILE is a web page"),
        (b"item,rater,verdict\n", "FILE holds no label: there is no row under the header"),
        (b"[]", "FILE holds no label"),
        (b"[1]", "FILE, record 1: not an object"),
        (b'{"item": 1,\n', "FILE, line 2: not valid JSON"),
        (b'{"item":1,"rater":"x","verdict":"a"}\n{"item":\n', "FILE, line 2: not valid JSON"),
        (b"[" * 100_000, "FILE: nested too deeply"),
        (b'{"a":' * 100_000, "FILE: nested too deeply"),
        (b"PK\x03\x04 no archive", "FILE is a damaged zip archive or Excel workbook"),
    ],
)
def test_what_is_refused_is_told_what_it_is(tmp_path: Path, data: bytes, what: str) -> None:
    assert refusal(tmp_path, data).startswith(what)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder"):
        read_labels(tmp_path)
