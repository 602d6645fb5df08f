"""Files of predictions: how rows name their sample and hold their utterances, and what is refused, with the place."""

import json
from pathlib import Path
from typing import Any

import pytest

from proutt_core.errors import InputError
from proutt_core.methods.prediction_file import LONGEST, PredictedRow, read_prediction_file
from tests.label_files.workbook import workbook

FOUR = ("One?", "Two?", "Three?", "Four?")


def read(tmp_path: Path, data: str | bytes) -> list[PredictedRow]:
    path = tmp_path / "predictions"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return read_prediction_file(path, name="mine.jsonl")


def row(**values: Any) -> str:
    return json.dumps({"sample": "d1#4"} | values)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"utterances": list(FOUR)}, FOUR),
        ({"predictions": ["One?", " Two? "]}, ("One?", "Two?")),
        ({"Predictions": [{"text": "One?"}, {"content": "Two?"}]}, ("One?", "Two?")),
        ({"utterances": "One?"}, ("One?",)),
        ({"prediction": "[laughs] One?"}, ("[laughs] One?",)),
        ({"utterances": json.dumps(FOUR)}, FOUR),
        ({"utterance_2": "Two?", "utterance_1": "One?", "text": "the context"}, ("One?", "Two?")),
        ({"output": "One?", "text": "the context"}, ("One?",)),
    ],
)
def test_utterances_as_a_list_one_text_json_or_columns(
    tmp_path: Path, values: dict[str, Any], expected: tuple[str, ...]
) -> None:
    assert [read_row.utterances for read_row in read(tmp_path, row(**values))] == [expected]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ({"sample": "d1#4"}, ("d1#4", "", None)),
        ({"Sample ID": 7}, ("7", "", None)),
        ({"dialogue_id": "d1", "turn": 4}, ("", "d1", 4)),
        ({"external_id": "d1", "target_index": 4}, ("", "d1", 4)),
        ({"id": 12, "turn": "4"}, ("", "12", 4)),
        ({"conversation": "d1"}, ("", "d1", None)),
    ],
)
def test_what_names_the_sample(tmp_path: Path, names: dict[str, Any], expected: tuple[str, str, int | None]) -> None:
    (read_row,) = read(tmp_path, json.dumps(names | {"utterances": ["One?"]}))
    assert (read_row.sample, read_row.dialogue, read_row.turn) == expected


def test_a_list_lines_a_table_and_a_workbook_say_the_same(tmp_path: Path) -> None:
    rows = [{"dialogue_id": f"d{n}", "turn": n, "utterances": json.dumps(FOUR)} for n in range(3)]
    expected = [(f"d{n}", n, FOUR) for n in range(3)]
    cells = [list(rows[0]), *(list(values.values()) for values in rows)]
    quoted = "\n".join(";".join('"' + str(cell).replace('"', '""') + '"' for cell in line) for line in cells)
    lines = "\n".join(map(json.dumps, rows))
    for data in (json.dumps(rows), json.dumps({"data": rows}), lines, quoted, quoted.encode("utf-16"), workbook(cells)):
        assert [(r.dialogue, r.turn, r.utterances) for r in read(tmp_path, data)] == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "mine.jsonl is empty"),
        ("[]", "mine.jsonl holds no prediction; expected a sample"),
        ("%PDF-1.7", "mine.jsonl is a PDF"),
        (json.dumps({"utterances": ["x"]}), "mine.jsonl, record 1: no sample and no dialogue is named"),
        (row(), "mine.jsonl, record 1: no utterance; expected"),
        (row(utterances=[]), "mine.jsonl, record 1: no utterance"),
        (row(utterances=[*FOUR, "Five?"]), "mine.jsonl, record 1, utterances: 5 utterances, and at most 4"),
        (row(utterances=["One?", " "]), "mine.jsonl, record 1, utterances, utterance 2: ' ' says nothing"),
        (row(utterances=["…"]), "mine.jsonl, record 1, utterances, utterance 1: '…' says nothing"),
        (row(utterances=["One?", 2]), "utterance 2: not a text"),
        (row(utterances=[None]), "utterance 1: not a text"),
        (row(utterances=["x" * (LONGEST + 1)]), "utterance 1: 2,001 characters"),
        (row(utterances=["a\0b"]), "utterance 1: a character that cannot be stored"),
        (row(utterances=["\ud800"]), "utterance 1: a character that cannot be stored"),
        (row(dialogue="d", turn="last", utterances=["x"]), "mine.jsonl, record 1, turn: 'last' is no number"),
        (row(utterances=["x"]) + "\n{", "mine.jsonl, line 2: not valid JSON"),
    ],
)
def test_what_is_refused_is_told_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, text)
    assert message in str(caught.value) and str(caught.value).isprintable()
