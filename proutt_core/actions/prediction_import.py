"""A file of predictions becomes a method: matched with a dataset's samples, all stored or nothing, and reported."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from db.datasets import datasets
from db.studies import imported_predictions
from db.studies.imported_predictions import SampleName
from proutt_core.errors import InputError
from proutt_core.methods.prediction_file import MOST_UTTERANCES, SETTINGS, PredictedRow, read_prediction_file
from proutt_core.text import normalise
from proutt_core.types.names import require_name

# What a turn may count: what `target_index` of exports does or, where that does not fit every row, the user's messages.
MESSAGES = "places of messages, the first 0"
USER_TURNS = {"numbers of the user's messages, the first 1": 0, "numbers of the user's messages, the first 0": 1}
SHORTEST_NAME = 4  # characters
NAMED = 10  # rows and samples that a report names


@dataclass(frozen=True, slots=True)
class ImportedPredictions:
    """`unknown` and `repeated`: rows, each with what is wrong. `uncovered`: test samples that the method has not
    predicted, by name. `by_split`: samples matched; those outside the test split are in no study. `short`: samples with
    fewer than four utterances."""

    method: str
    added: int
    known: int
    by_split: dict[str, int]
    unknown: tuple[str, ...]
    repeated: tuple[str, ...]
    uncovered: tuple[str, ...]
    short: int
    turns: str  # what the file's turns count

    @property
    def matched(self) -> int:
        return sum(self.by_split.values())

    def as_json(self) -> dict[str, Any]:
        return {
            "method": self.method,
            "matched": self.matched,
            "added": self.added,
            "known": self.known,
            "by_split": self.by_split,
            "outside_test": self.matched - self.by_split.get("test", 0),
            "unknown": list(self.unknown),
            "repeated": list(self.repeated),
            "uncovered": len(self.uncovered),
            "uncovered_samples": list(self.uncovered[:NAMED]),
            "fewer_than_four": self.short,
            "turns": self.turns,
        }

    def in_words(self) -> list[str]:
        test = self.by_split.get("test", 0)
        lines = [f"{self.method}: {self.matched} samples matched, {self.added} new, {test} of them in the test split"]
        if self.turns != MESSAGES:
            lines.append(f"  its turns are read as {self.turns}: as {MESSAGES}, some name no sample")
        if self.matched > test:
            lines.append(f"  {self.matched - test} are outside the test split and in no study")
        lines += _listed(self.unknown, "rows that match no sample")
        lines += _listed(self.repeated, "rows that repeat another")
        lines += _listed(self.uncovered, "test samples without a prediction")
        if self.short:
            few = f"{self.short} samples have fewer than {MOST_UTTERANCES} utterances"
            lines.append(f"  {few}, by which judges may tell methods apart")
        return lines


def _listed(texts: Sequence[str], what: str) -> list[str]:
    if not texts:
        return []
    more = f" and {len(texts) - NAMED} more" if len(texts) > NAMED else ""
    return [f"  {len(texts)} {what}: {'; '.join(texts[:NAMED])}{more}"]


def import_predictions(
    path: Path | str, *, dataset: str, method: str, name: str = "", created_by: int | None = None
) -> ImportedPredictions:
    """The method of this name with the file's predictions; rows about samples that the dataset does not have are
    reported. `name` is what messages call the file.

    InputError, and nothing stored, for a row that cannot be used, two different rows about one sample, and a file
    without any sample of the dataset; ConflictError where the name belongs to something else.
    """
    require_name(method, of="a method")
    dataset_info = datasets.required(dataset)
    rows = read_prediction_file(path, name=name)
    names = imported_predictions.sample_names(dataset_info.id)
    turns = _turns(rows, names, dataset_id=dataset_info.id)
    matched = _matched(rows, names, turns, name=name or str(path))
    if not matched.rows:
        first = "; ".join(matched.unknown[:3])
        raise InputError(f'{name or path}: none of {len(rows)} rows is about a sample of "{dataset}": {first}')
    _require_unnamed(method, [row for _, row in matched.rows.values()], name=name or str(path))
    stored = imported_predictions.store(
        method=method,
        settings=SETTINGS,
        dataset_id=dataset_info.id,
        dataset=dataset,
        utterances={sample.id: row.utterances for sample, row in matched.rows.values()},
        created_by=created_by,
    )
    return ImportedPredictions(
        method=method,
        added=stored.added,
        known=stored.known,
        by_split=dict(Counter(sample.split for sample, _ in matched.rows.values())),
        unknown=matched.unknown,
        repeated=matched.repeated,
        uncovered=tuple(s.key for s in names if s.split == "test" and s.id not in stored.predicted),
        turns=turns.count,
        short=sum(len(row.utterances) < MOST_UTTERANCES for _, row in matched.rows.values()),
    )


def _require_unnamed(method: str, rows: Sequence[PredictedRow], *, name: str) -> None:
    """InputError where an annotator would read the method's name. A short name is a word like any other."""
    plain = normalise(method)
    if len(plain) < SHORTEST_NAME:
        return
    whole = re.compile(rf"(?<!\w){re.escape(plain)}(?!\w)")
    for row in rows:
        if any(whole.search(normalise(text)) for text in row.utterances):
            raise InputError(
                f'{name}, {row.where}: an utterance holds the name of the method, "{method}", which annotators must not'
                " read: take it out, or choose another name"
            )


@dataclass(frozen=True, slots=True)
class _Turns:
    """What the file's turns count, and the number that each sample has by it."""

    count: str
    of_sample: Mapping[int, int]


def _turns(rows: Sequence[PredictedRow], names: Sequence[SampleName], *, dataset_id: int) -> _Turns:
    places = {sample.id: sample.turn for sample in names}
    known = {sample.dialogue for sample in names}
    by_turn = [row for row in rows if row.turn is not None and not row.is_place and row.dialogue_name in known]
    if _all_fit(by_turn, names, places):
        return _Turns(MESSAGES, places)
    user_turns = imported_predictions.turns_of(dataset_id, {row.dialogue_name for row in by_turn})
    for count, less in USER_TURNS.items():
        numbers = {sample: turn - less for sample, turn in user_turns.items()}
        if _all_fit(by_turn, names, numbers):
            return _Turns(count, numbers)
    return _Turns(MESSAGES, places)


def _all_fit(rows: Sequence[PredictedRow], names: Sequence[SampleName], turns: Mapping[int, int]) -> bool:
    numbers = {(sample.dialogue, turns.get(sample.id)) for sample in names}
    return all((row.dialogue_name, row.turn) in numbers for row in rows)


@dataclass(frozen=True, slots=True)
class _Matched:
    rows: dict[int, tuple[SampleName, PredictedRow]]
    unknown: tuple[str, ...]
    repeated: tuple[str, ...]


def _matched(rows: Sequence[PredictedRow], names: Sequence[SampleName], turns: _Turns, *, name: str) -> _Matched:
    index = _Index(names, turns)
    matched: dict[int, tuple[SampleName, PredictedRow]] = {}
    unknown, repeated = [], []
    for row in rows:
        sample = index.sample_of(row)
        if isinstance(sample, str):
            unknown.append(f"{row.where}: {sample}")
            continue
        _, first = matched.setdefault(sample.id, (sample, row))
        if first.utterances != row.utterances:
            raise InputError(
                f"{name}, {row.where}: {row.said} has other utterances in {first.where};"
                " put those of one sample into one row"
            )
        if first is not row:
            repeated.append(f"{row.where}: as {first.where}")
    return _Matched(matched, tuple(unknown), tuple(repeated))


class _Index:
    """Samples by whatever a row may call them."""

    def __init__(self, names: Sequence[SampleName], turns: _Turns) -> None:
        self._turns = turns
        self._by_key = {sample.key: sample for sample in names}
        self._by_id = {str(sample.id): sample for sample in names}
        self._by_dialogue: dict[str, list[SampleName]] = {}
        for sample in names:
            self._by_dialogue.setdefault(sample.dialogue, []).append(sample)

    def sample_of(self, row: PredictedRow) -> SampleName | str:
        """The sample, or why there is none."""
        name = row.sample or row.dialogue
        samples = self._by_dialogue.get(name)
        numbered = self._by_id.get(row.sample)
        if samples is not None and numbered is not None:
            return f"{row.said} is one sample's number and a dialogue's id: name it in a column dialogue_id"
        sample = self._by_key.get(name) or numbered
        if samples is None:
            return sample if sample is not None and row.turn in (None, sample.turn) else f"no {row.said}"
        fitting = [sample for sample in samples if row.turn in (None, self._turn(sample, row))]
        if len(fitting) == 1:
            return fitting[0]
        turns = ", ".join(str(self._turn(sample, row)) for sample in samples[:NAMED])
        return f"{row.said}: its samples are at turn {turns}"

    def _turn(self, sample: SampleName, row: PredictedRow) -> int | None:
        return sample.turn if row.is_place else self._turns.of_sample.get(sample.id)
