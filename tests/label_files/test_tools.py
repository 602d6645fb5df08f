"""Exports of annotation tools: each as a list, as lines, alone and wrapped; what in them is no label is counted."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from proutt_core.errors import InputError
from proutt_core.label_files import LabelColumns, read_label_file, read_label_set, read_labels
from proutt_core.statistics.labels import Label
from tests.label_files.examples import (
    ARGILLA_1,
    ARGILLA_2,
    EXAMPLES,
    LABEL_STUDIO,
    LABEL_STUDIO_MIN,
    POTATO,
    POTATO_FLAT,
    PRODIGY,
)

Row = dict[str, Any]


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "export"
    path.write_text(text, encoding="utf-8")
    return path


def lines(*rows: Row) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


PACKED: dict[str, Callable[[Row], str]] = {
    "a list": lambda row: json.dumps([row], indent=1),
    "lines": lines,
    "one object": lambda row: json.dumps(row, indent=2),
    "wrapped": lambda row: json.dumps({"version": 1, "records": [row]}),
}


@pytest.mark.parametrize("title", EXAMPLES)
@pytest.mark.parametrize("packing", PACKED)
def test_a_row_of_each_export(tmp_path: Path, title: str, packing: str) -> None:
    row, expected = EXAMPLES[title]
    labels = read_labels(write(tmp_path, PACKED[packing](row)))
    assert [(label.item, label.rater, label.kind, label.verdict) for label in labels] == expected


@pytest.mark.parametrize("row", [LABEL_STUDIO_MIN, POTATO_FLAT])
@pytest.mark.parametrize("separator", [",", "\t"])
def test_exports_that_are_tables(tmp_path: Path, row: Row, separator: str) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, row, delimiter=separator)
    writer.writeheader()
    writer.writerow(row)
    (label,) = read_labels(write(tmp_path, text.getvalue()))
    assert (label.item, label.verdict) == (str(row.get("item", row.get("instance_id"))), "a")


def test_a_list_of_rows_and_a_table_by_columns(tmp_path: Path) -> None:
    rows = [{"item": 1, "rater": "ann", "verdict": "A"}, {"item": 2, "rater": "ann", "verdict": "b"}]
    expected = [Label("1", "ann", "human", "a"), Label("2", "ann", "human", "b")]
    assert read_labels(write(tmp_path, json.dumps(rows))) == expected
    columns = {name: {str(n): row[name] for n, row in enumerate(rows)} for name in rows[0]}
    assert read_labels(write(tmp_path, json.dumps(columns))) == expected


def test_a_parquet_file(tmp_path: Path) -> None:
    path = tmp_path / "labels.parquet"
    pq.write_table(pa.table({"item": [1], "rater": ["ann"], "verdict": ["b"]}), path)
    assert read_labels(path) == [Label("1", "ann", "human", "b")]


SKIPPED = [
    (
        LABEL_STUDIO,
        {**LABEL_STUDIO, "id": 2, "predictions": [], "annotations": [{"was_cancelled": True, "result": []}]},
        "skipped",
    ),
    (LABEL_STUDIO, {**LABEL_STUDIO, "predictions": [], "annotations": []}, "not annotated"),
    (
        ARGILLA_1,
        {**ARGILLA_1, "suggestions": [], "responses": [{"status": "discarded", "user_id": "4f0c"}]},
        "discarded",
    ),
    (ARGILLA_2, {**ARGILLA_2, "id": "q1", "suggestions": {}, "responses": {}}, "not annotated"),
    (POTATO, {**POTATO, "label_annotations": {}}, "not annotated"),
    (PRODIGY, {**PRODIGY, "answer": "ignore"}, "answer ignore"),
    (PRODIGY, {**PRODIGY, "answer": "reject"}, "answer reject"),
]


@pytest.mark.parametrize(("row", "skipped", "why"), SKIPPED)
def test_what_nobody_answered_is_counted_and_no_label(tmp_path: Path, row: Row, skipped: Row, why: str) -> None:
    path = write(tmp_path, lines(row, skipped))
    read_set = read_label_set(path)
    assert len(read_set.labels) == len(read_labels(write(tmp_path, lines(row))))
    (note,) = read_set.notes
    assert note.startswith("left out: 1 × ") and why in note


def test_two_annotators_of_one_task(tmp_path: Path) -> None:
    second = {**PRODIGY, "accept": ["b"], "_annotator_id": "db-bo", "_session_id": "db-bo"}
    labels = read_labels(write(tmp_path, lines(PRODIGY, second)))
    assert [(label.rater, label.verdict) for label in labels] == [("db-ann", "a"), ("db-bo", "b")]


def test_an_item_is_its_hash_where_nothing_else_names_it(tmp_path: Path) -> None:
    assert read_labels(write(tmp_path, lines({**PRODIGY, "meta": {}})))[0].item == "2"


def test_options_whose_text_is_the_verdict(tmp_path: Path) -> None:
    row = {**PRODIGY, "accept": [1], "options": [{"id": 0, "text": "Answer A"}, {"id": 1, "text": "Answer B"}]}
    assert read_labels(write(tmp_path, lines(row)))[0].verdict == "b"


def two_questions() -> Row:
    responses = {"fluency": [{"value": "b", "user_id": "u"}], "overall": [{"value": "a", "user_id": "u"}]}
    return {**ARGILLA_2, "suggestions": {}, "responses": responses}


def test_of_several_questions_one_must_be_chosen(tmp_path: Path) -> None:
    path = write(tmp_path, lines(two_questions()))
    with pytest.raises(InputError, match=r"say which is the verdict \(--verdict\); questions .* fluency, overall"):
        read_labels(path)
    assert read_labels(path, LabelColumns(verdict="Overall"))[0].verdict == "a"
    assert read_label_file(path).questions == ("fluency", "overall")


def test_a_question_without_verdicts_is_not_guessed(tmp_path: Path) -> None:
    row = two_questions()
    row["responses"]["fluency"][0]["value"] = 4
    assert read_labels(write(tmp_path, lines(row)))[0].verdict == "a"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({**PRODIGY, "accept": ["a", "b"]}, r"record 1, accept: '\[\"a\", \"b\"\]' is not allowed"),
        ({**PRODIGY, "_annotator_id": None, "_session_id": None}, "record 1, rater: it is empty"),
        (
            {**POTATO, "label_annotations": {"verdict": {"left": "true"}}},
            "record 1, verdict: 'left' is not allowed.*side",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, row: Row, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_labels(write(tmp_path, lines(row)))


def test_rows_of_two_kinds(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="line 2: other rows are Prodigy's and this one is not"):
        read_labels(write(tmp_path, lines(PRODIGY, {"item": "q1"})))
