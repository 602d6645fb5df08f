"""Files of labels and of predictions damaged at random (seeded): read, or refused in one line, nothing half stored."""

import json
import random
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks._mutations import mutated
from db.jobs import jobs
from db.studies import methods
from proutt_core.actions.prediction_import import import_predictions
from proutt_core.errors import InputError
from proutt_core.label_files import read_labels
from proutt_core.methods.prediction_file import read_prediction_file
from tests.label_files.examples import EXAMPLES
from tests.label_files.workbook import workbook
from tests.study_setup import DATASET, add_dataset

TABLE = (("item", "rater", "kind", "verdict"), ("q0", "小明", "human", "a"), ("q0", "gpt", "judge", "b"))
PREDICTED = (
    {"dialogue_id": "d0", "turn": 4, "utterances": ["A?", "B?"]},
    {"sample": "d1#4", "predictions": "One?"},
    {"id": "d2", "utterance_1": "One?", "utterance_2": "Two?"},
)
LABELS = {
    **{separator: "\n".join(map(separator.join, TABLE)).encode() for separator in ",;\t|"},
    "wide": b"case,Ann,Bo\nq1,A,tie\nq2,b,\n",
    "utf-16": "\n".join(map("\t".join, TABLE)).encode("utf-16"),
    "workbook": workbook(TABLE),
    **{title: json.dumps([row, row]).encode() for title, (row, _) in EXAMPLES.items()},
}
PREDICTIONS = {
    "list": json.dumps(PREDICTED).encode(),
    "lines": "\n".join(map(json.dumps, PREDICTED)).encode(),
    "table": b'dialogue_id,turn,utterances\nd1,4,"[""a"",""b""]"\n',
}
RAW = ("Cc", "Cf", "Cs", "Zl", "Zp")


def outcome(read: Callable[[Path], object], path: Path) -> bool:
    """Whether it was read. Any other error than a refusal in one line fails the test."""
    try:
        read(path)
    except InputError as exc:
        assert not [c for c in str(exc) if unicodedata.category(c) in RAW], str(exc)
        return False
    return True


@pytest.mark.parametrize(("read", "seeds"), [(read_labels, LABELS), (read_prediction_file, PREDICTIONS)])
@pytest.mark.parametrize("seed", range(2))
def test_damaged_files_are_read_or_refused(
    tmp_path: Path, read: Callable[[Path], object], seeds: dict[str, bytes], seed: int
) -> None:
    draw, path = random.Random(seed), tmp_path / "file"
    outcomes = []
    for content in seeds.values():
        path.write_bytes(content)
        assert outcome(read, path), "whole, each is read"
        for _ in range(60):
            path.write_bytes(mutated(draw, content))
            outcomes.append(outcome(read, path))
    assert 0 < sum(outcomes) < len(outcomes), "both ends are met"


def test_damaged_predictions_are_stored_whole_or_not_at_all(database: str, tmp_path: Path) -> None:
    add_dataset(test=4)
    draw, path = random.Random(3), tmp_path / "file"
    stored = []
    for n in range(90):
        path.write_bytes(mutated(draw, draw.choice([*PREDICTIONS.values()])))
        if outcome(lambda file, n=n: import_predictions(file, dataset=DATASET, method=f"m{n}"), path):  # type: ignore[misc]
            stored.append(f"m{n}")
    assert [method.name for method in methods.list_methods()] == stored
    assert len(jobs.list_jobs(kind="predict")) == len(stored) > 0
