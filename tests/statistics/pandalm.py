"""PandaLM's labels as rows of the label file: 999 comparisons, three humans, two LLM judges."""

import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import pytest

COLUMNS = ("item", "rater", "kind", "verdict")
FOLDER = Path(__file__).resolve().parents[2] / "../shared/data/pandalm"
HUMANS = ("annotator1", "annotator2", "annotator3")

needs_pandalm = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"the PandaLM labels are not at {FOLDER}; they are not part of the project"
)

# response1 is method a. The human labels and PandaLM's are ints, those of gpt-3.5-turbo strings.
_VERDICTS = {"1": "a", "0": "tie", "Tie": "tie", "2": "b"}


def pandalm_labels(garbage: Literal["tie", "drop"], judge_as_human: bool = False) -> list[dict[str, str]]:
    """Rows with the columns of `COLUMNS`: three humans and the judges `gpt-3.5-turbo` and `pandalm-7b`.

    gpt-3.5-turbo's 25 unreadable answers become ties, or no row. With `judge_as_human`, gpt-3.5-turbo is the fourth
    human, and pandalm-7b is left out.
    """
    rows = []
    for n, record in enumerate(_read("testset-v1")):
        rows += [_row(n, human, "human", _VERDICTS[str(record[human])]) for human in HUMANS]
    for n, record in enumerate(_read("gpt-3.5-turbo-testset-v1")):
        answer = str(record["gpt_result"])
        if answer == "garbage" and garbage == "drop":
            continue
        verdict = "tie" if answer == "garbage" else _VERDICTS[answer]
        rows.append(_row(n, "gpt-3.5-turbo", "human" if judge_as_human else "judge", verdict))
    if not judge_as_human:
        for n, record in enumerate(_read("pandalm-7b-testset-v1")):
            rows.append(_row(n, "pandalm-7b", "judge", _VERDICTS[str(record["pandalm_result"])]))
    return rows


def write_labels(path: Path, rows: Iterable[dict[str, str]]) -> Path:
    """`rows` as a label file at `path`, which is returned."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return path


def _read(name: str) -> list[dict[str, Any]]:
    """The records of one file. They are in the same order in all three; `idx` differs in type between them."""
    records: list[dict[str, Any]] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    assert [str(record["idx"]) for record in records] == [str(n) for n in range(999)]
    return records


def _row(n: int, rater: str, kind: str, verdict: str) -> dict[str, str]:
    return dict(zip(COLUMNS, (f"pandalm-{n:03d}", rater, kind, verdict), strict=True))
