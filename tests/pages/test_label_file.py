"""A file of labels on the page Agreement: the template, the guess, columns chosen, exports, refusals."""

import json
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from tests.label_files.examples import ARGILLA_2
from tests.label_files.workbook import workbook
from tests.pages.conftest import Open, words

TABLE = "Item;Annotator;Label\nq0;ann;A\nq0;bo;A\nq0;gpt;B\nq1;ann;Tie\nq1;bo;b\nq1;gpt;b\n"
WIDE = "case,ann,bo,gpt\nq0,A,A,B\nq1,tie,b,b\n"


@pytest.fixture
def page(sqlite: str, sign_in_as: Callable[..., str], open_page: Open) -> AppTest:
    sign_in_as("res", "researcher")
    page = open_page("agreement.py")
    page.session_state["agreement_source"] = "file"
    return page.run()


def hand_in(page: AppTest, name: str, data: bytes) -> AppTest:
    return page.file_uploader(key="agreement_file").set_value((name, data, "application/octet-stream")).run()


def test_a_template_is_offered_before_there_is_a_file(page: AppTest) -> None:
    assert "A template to fill in (CSV)" in [button.label for button in page.get("download_button")]
    assert not page.dataframe


def test_a_table_is_read_by_a_guess_that_can_be_corrected(page: AppTest) -> None:
    hand_in(page, "labels.csv", TABLE.encode("utf-16"))
    assert "A table, rows: 6." in words(page)
    assert "Items: 2, with two or more people: 2. People: 3. LLM judges: 0." in words(page)
    assert [page.selectbox[n].value for n in range(4)] == ["Item", "Annotator", "Label", ""]
    page.multiselect[0].set_value(["gpt"]).run()
    assert "People: 2. LLM judges: 1." in words(page)


def test_a_column_for_each_rater(page: AppTest) -> None:
    hand_in(page, "labels.csv", WIDE.encode())
    assert page.toggle[0].value is True
    page.multiselect[1].set_value(["gpt"]).run()
    assert "Items: 2, with two or more people: 2. People: 2. LLM judges: 1." in words(page)


def test_a_workbook(page: AppTest) -> None:
    rows = [line.split(",") for line in WIDE.splitlines()]
    hand_in(page, "labels.xlsx", workbook(rows, [["note"]]))
    assert "People: 3." in words(page) and 'only the sheet "Sheet1" is read' in words(page)


def test_an_export(page: AppTest) -> None:
    hand_in(page, "records.json", json.dumps([ARGILLA_2]).encode())
    assert "An export of Argilla, rows: 1." in words(page)
    assert [page.selectbox[n].value for n in range(2)] == ["id", "verdict"]
    assert "People: 1. LLM judges: 1." in words(page)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"item,rater,verdict\nq0,ann,left\n", "mine.csv, row 2, verdict: 'left' is not allowed"),
        (b"%PDF-1.7", "mine.csv is a PDF"),
        (b"one,two\n1,2\n", "mine.csv: no column is known to hold the item; found one, two"),
    ],
)
def test_a_file_that_is_refused_bears_its_own_name(page: AppTest, data: bytes, said: str) -> None:
    hand_in(page, "mine.csv", data)
    assert said in words(page) and not page.dataframe


def test_answers_that_say_no_verdict_are_given_a_meaning(page: AppTest) -> None:
    hand_in(page, "labels.csv", b"item,rater,verdict\nq0,ann,left\nq0,bo,right\nq1,ann,left\nq1,bo,left\n")
    assert "'left' is not allowed, only a, tie, b" in words(page)
    boxes = {box.label: box for box in page.multiselect}
    boxes["Method a is better"].set_value(["left"])
    boxes["Method b is better"].set_value(["right"]).run()
    assert "Items: 2, with two or more people: 2. People: 2." in words(page)
