"""Predictions made elsewhere, on the page Synthesis: the form, the report, refusals."""

import json
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from db.jobs import jobs
from db.studies import methods
from tests.pages.conftest import Open, words
from tests.study_setup import add_dataset


@pytest.fixture
def page(sqlite: str, sign_in_as: Callable[..., str], open_page: Open) -> AppTest:
    sign_in_as("res", "researcher")
    add_dataset(test=3, train=1)
    page = open_page("synthesis.py")
    page.session_state["synthesis_tab"] = "Predictions"
    return page.run()


def hand_in(page: AppTest, *rows: dict[str, object]) -> AppTest:
    data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    upload = next(field for field in page.file_uploader if str(field.key).startswith("predictions-file"))
    upload.set_value(("my model.jsonl", data, "application/json")).run()
    return page.button(key="predictions-go").click().run()


def test_a_file_becomes_a_method_and_is_reported(page: AppTest) -> None:
    hand_in(
        page,
        {"dialogue_id": "d0", "turn": 4, "utterances": ["A?", "B?", "C?", "D?"]},
        {"dialogue_id": "d3", "turn": 4, "utterances": ["A?"]},
        {"dialogue_id": "d9", "turn": 4, "utterances": ["A?"]},
    )
    (method,) = methods.list_methods()
    (job,) = jobs.list_jobs(kind="predict")
    assert (job.state, job.method_id) == ("done", method.id)
    said = words(page)
    assert f"{method.name}: 2 samples matched, 2 new, 1 of them in the test split." in said
    assert "1 outside the test split, so in no study." in said
    assert "Rows that match no sample: 1\n    line 3: no dialogue 'd9', turn 4" in said
    assert "Test samples without a prediction: 2\n    d1#4" in said
    assert "fewer than four utterances: 1" in said
    (row,) = [row for table in page.dataframe if "Model" in table.value for row in table.value.to_dict("records")]
    assert (row["State"], row["Model"], row["Samples"]) == ("done", "from a file", 2)


def test_a_file_that_is_refused_bears_its_name_and_leaves_nothing(page: AppTest) -> None:
    hand_in(page, {"dialogue_id": "d0", "turn": 4, "utterances": []})
    assert "my model.jsonl, record 1: no utterance" in words(page)
    assert not methods.list_methods() and not jobs.list_jobs(kind="predict")
