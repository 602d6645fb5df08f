"""Drawing a study's cases: test samples that both methods have predicted."""

import math
import random
from dataclasses import dataclass

from sqlalchemy import func
from sqlmodel import Session, col, select

from db.columns import row_id
from db.engine import read
from db.studies.rows import dataset_named
from db.tables import Dataset, DialogueRow, Method, PredictionRow, SampleRow
from proutt_core.errors import ConflictError


@dataclass(frozen=True)
class DrawnCase:
    """A test sample with both predictions. `key` is the same on every database."""

    key: str
    sample_id: int
    prediction_a: int
    prediction_b: int


@dataclass(frozen=True)
class PredictedMethod:
    """How many test samples of a dataset a method has predicted."""

    name: str
    predicted: int


def draw_cases(session: Session, dataset: Dataset, a: Method, b: Method, *, cases: int, seed: int) -> list[DrawnCase]:
    """`cases` of them in random order, seeded. ConflictError where there are too few test samples or predictions."""
    samples = session.exec(
        select(SampleRow.id, DialogueRow.external_id, SampleRow.target_index)
        .join(DialogueRow, col(DialogueRow.id) == SampleRow.dialogue_id)
        .where(DialogueRow.dataset_id == dataset.id, DialogueRow.split == "test")
    ).all()
    if len(samples) < cases:
        raise ConflictError(_too_few(session, dataset, have=len(samples), want=cases))
    predicted_a, predicted_b = _predicted(session, a, dataset), _predicted(session, b, dataset)
    ready = [
        DrawnCase(f"{external}#{target}", sample, predicted_a[sample], predicted_b[sample])
        for sample, external, target in ((row_id(sample), e, t) for sample, e, t in samples)
        if sample in predicted_a and sample in predicted_b
    ]
    if len(ready) < cases:
        counts = f'"{a.name}" has {len(predicted_a)}, "{b.name}" has {len(predicted_b)}, both have {len(ready)}'
        raise ConflictError(
            f"{cases} cases need that many test samples predicted by both methods: {counts}. "
            "Run `predict` for both methods on the test split first, or ask for fewer cases"
        )
    # Sorted by a key that no database assigns, so that the draw is the same on every database.
    ready.sort(key=lambda drawn: drawn.key)
    return random.Random(f"study:{seed}").sample(ready, cases)


def predicted_methods(dataset: str) -> list[PredictedMethod]:
    """The methods with predictions on the dataset's test split, by name."""
    with read() as session:
        dataset_row = dataset_named(session, dataset)
        rows = session.exec(
            select(Method.name, func.count())
            .join(PredictionRow, col(PredictionRow.method_id) == Method.id)
            .join(SampleRow, col(SampleRow.id) == PredictionRow.sample_id)
            .join(DialogueRow, col(DialogueRow.id) == SampleRow.dialogue_id)
            .where(DialogueRow.dataset_id == dataset_row.id, DialogueRow.split == "test", PredictionRow.state == "done")
            .group_by(Method.name)
            .order_by(Method.name)
        ).all()
        return [PredictedMethod(name=name, predicted=count) for name, count in rows]


def _predicted(session: Session, method: Method, dataset: Dataset) -> dict[int, int]:
    rows = session.exec(
        select(PredictionRow.sample_id, PredictionRow.id)
        .join(SampleRow, col(SampleRow.id) == PredictionRow.sample_id)
        .join(DialogueRow, col(DialogueRow.id) == SampleRow.dialogue_id)
        .where(
            PredictionRow.method_id == method.id,
            PredictionRow.state == "done",
            DialogueRow.dataset_id == dataset.id,
            DialogueRow.split == "test",
        )
    ).all()
    return {sample: row_id(prediction) for sample, prediction in rows}


def _too_few(session: Session, dataset: Dataset, *, have: int, want: int) -> str:
    total = _count(session, dataset)
    problem = f'the test split of "{dataset.name}" has {have} samples, fewer than {want} cases'
    # Groups fall on splits by chance, so a margin of a fifth.
    share = math.ceil(100 * want / total * 1.2) if total else 100
    if share > 90:
        return f"{problem}, and the whole dataset has only {total}: import more dialogues, or ask for fewer cases"
    fewer = f", or ask for at most {have} cases" if have else ""
    return f"{problem}: import the file again with the split {95 - share}/5/{share} (train/valid/test){fewer}"


def _count(session: Session, dataset: Dataset, *, split: str | None = None) -> int:
    statement = (
        select(func.count())
        .select_from(SampleRow)
        .join(DialogueRow, col(DialogueRow.id) == SampleRow.dialogue_id)
        .where(DialogueRow.dataset_id == dataset.id)
    )
    if split is not None:
        statement = statement.where(DialogueRow.split == split)
    return session.exec(statement).one()
