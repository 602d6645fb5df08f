"""Drawing a study's cases: test samples that both methods have predicted."""

import math
import random
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import func
from sqlmodel import Session, col, select

from db.blinding.same_words import Answer, Words
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
    """`cases` of them in random order, seeded, at most one of a dialogue group, and none whose dialogue tells another's
    true next utterance. ConflictError where there are too few groups or predictions."""
    samples = session.execute(
        sa.select(
            col(SampleRow.id),
            col(DialogueRow.external_id),
            col(SampleRow.target_index),
            col(DialogueRow.group_key),
            col(DialogueRow.text_sha256),
        )
        .join(DialogueRow, col(DialogueRow.id) == SampleRow.dialogue_id)
        .where(col(DialogueRow.dataset_id) == dataset.id, col(DialogueRow.split) == "test")
    ).all()
    groups = len({group for *_, group, _text in samples})
    if groups < cases:
        raise ConflictError(_too_few(session, dataset, have=groups, want=cases))
    predicted_a, predicted_b = _predicted(session, a, dataset), _predicted(session, b, dataset)
    candidates = [
        _Candidate(DrawnCase(f"{external}#{target}", sample, predicted_a[sample], predicted_b[sample]), group, text)
        for sample, external, target, group, text in samples
        if sample in predicted_a and sample in predicted_b
    ]
    ready = _one_a_group(candidates, seed=seed)
    while len(ready) >= cases:
        drawn = random.Random(f"study:{seed}").sample(ready, cases)
        told = _told_by_others(session, drawn)
        if not told:
            return drawn
        ready = [case for case in ready if case not in told]
    counts = f'"{a.name}" has {len(predicted_a)}, "{b.name}" has {len(predicted_b)}, both have {len(ready)}'
    raise ConflictError(
        f"{cases} cases need that many dialogue groups of the test split predicted by both methods: {counts}. "
        "Run `predict` for both methods on the test split first, or ask for fewer cases"
    )


def _told_by_others(session: Session, drawn: list[DrawnCase]) -> set[DrawnCase]:
    """Those whose true next utterance stands in the dialogue of another that is not among them: the same conversation
    in two groups."""
    rows = session.exec(
        select(SampleRow.id, SampleRow.target_index, DialogueRow.messages)
        .join(DialogueRow, col(DialogueRow.id) == SampleRow.dialogue_id)
        .where(col(SampleRow.id).in_([case.sample_id for case in drawn]))
    )
    answers, texts = {}, {}
    for sample, target, messages in rows:
        answers[row_id(sample)] = Answer.at(target, messages)
        texts[row_id(sample)] = Words.of("\n".join(message["content"] for message in messages[: target + 1]))
    told: set[DrawnCase] = set()
    for case in drawn:
        others = (texts[other.sample_id] for other in drawn if other is not case and other not in told)
        if any(answers[case.sample_id].told_in(text) for text in others):
            told.add(case)
    return told


@dataclass(frozen=True)
class _Candidate:
    case: DrawnCase
    group: str
    text_sha256: str


def _one_a_group(candidates: list[_Candidate], *, seed: int) -> list[DrawnCase]:
    """One of each group, drawn; and one of each text, where equal texts are in several groups."""
    # Sorted by a key that no database assigns, so that the draw is the same on every database.
    by_group: dict[str, list[_Candidate]] = {}
    for candidate in sorted(candidates, key=lambda each: each.case.key):
        by_group.setdefault(candidate.group, []).append(candidate)
    chosen = [random.Random(f"study:{seed}:{group}").choice(several) for group, several in by_group.items()]
    one_of_text = {candidate.text_sha256: candidate for candidate in reversed(chosen)}
    return sorted((candidate.case for candidate in one_of_text.values()), key=lambda case: case.key)


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
    total = session.exec(
        select(func.count(func.distinct(DialogueRow.group_key)))
        .join(SampleRow, col(SampleRow.dialogue_id) == DialogueRow.id)
        .where(DialogueRow.dataset_id == dataset.id)
    ).one()
    problem = (
        f'the test split of "{dataset.name}" has samples of {have} dialogue groups, fewer than {want} cases: '
        "one case is drawn from a group"
    )
    # Groups fall on splits by chance, so a margin of a fifth.
    share = math.ceil(100 * want / total * 1.2) if total else 100
    if share > 90:
        return f"{problem}. The whole dataset has only {total}: import more dialogues, or ask for fewer cases"
    fewer = f", or ask for at most {have} cases" if have else ""
    return f"{problem}. Import the file again with the split {95 - share}/5/{share} (train/valid/test){fewer}"
