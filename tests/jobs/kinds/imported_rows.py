"""What an import stored, as plain values in the file's order: for comparing whole imports."""

import hashlib
import json
from typing import Any

from sqlmodel import col, select

from db.datasets import datasets
from db.engine import read
from db.tables import DialogueRow, SampleRow

REPORTED = (
    *("rows", "imported", "duplicates", "renamed", "skipped", "samples", "without_sample"),
    *("reasons", "notes", "numbers", "errors"),
)


def stored(name: str) -> list[Any]:
    """Every dialogue and sample of a ready dataset, but for the database's own numbers."""
    dataset_id = datasets.required(name).id
    with read() as session:
        dialogues = session.exec(
            select(DialogueRow).where(DialogueRow.dataset_id == dataset_id).order_by(col(DialogueRow.id))
        ).all()
        samples: dict[int, list[Any]] = {}
        for sample in session.exec(
            select(SampleRow)
            .join(DialogueRow, col(DialogueRow.id) == SampleRow.dialogue_id)
            .where(DialogueRow.dataset_id == dataset_id)
            .order_by(col(SampleRow.target_index))
        ):
            samples.setdefault(sample.dialogue_id, []).append([sample.target_index, sample.later_indexes])
        return [_plain(row) | {"samples": samples.get(row.id or 0, [])} for row in dialogues]


def _plain(row: DialogueRow) -> dict[str, Any]:
    """Without what was found of personal data: which rules say that is tested where they stand."""
    made = row.model_dump(exclude={"id", "dataset_id", "personal_data", "opening_sha256"})
    made["checks"] = {
        key: value for key, value in made["checks"].items() if key not in ("personal_data", "language_guessed")
    }
    return made


def fingerprint(name: str) -> str:
    """sha256 over all rows, in order, and the report."""
    report = datasets.required(name).report
    made = [stored(name), {key: report[key] for key in REPORTED}]
    return hashlib.sha256(json.dumps(made, sort_keys=True).encode()).hexdigest()
