"""Labels out of a file: every answer is a verdict of one rater on one item, or the file is refused with the place."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from proutt_core.dialogues.files.rows import short_repr
from proutt_core.label_files.answers import JUDGE, Entry, Given, kind_of, verdict_of
from proutt_core.label_files.columns import LabelColumns, in_words
from proutt_core.label_files.shapes import LabelFile, entries_of, read_label_file
from proutt_core.row_files.rows import refusal
from proutt_core.statistics.labels import Kind, Label

GUESSED = LabelColumns()
_SIDES = ("left", "right", "1", "2", "first", "second")


@dataclass(frozen=True, slots=True)
class LabelSet:
    """`columns` are those that were read; `notes` say what a person should know, such as answers that were skipped."""

    labels: tuple[Label, ...]
    columns: LabelColumns
    notes: tuple[str, ...]


def read_labels(path: Path | str, columns: LabelColumns = GUESSED) -> list[Label]:
    """The labels of a file of any shape in docs/label-files.md. Raises what `labels_of` and `read_label_file` do."""
    return list(read_label_set(path, columns).labels)


def read_label_set(path: Path | str, columns: LabelColumns = GUESSED) -> LabelSet:
    return labels_of(read_label_file(path), columns)


def labels_of(file: LabelFile, chosen: LabelColumns = GUESSED) -> LabelSet:
    """The labels in the file's order. The same verdict of a rater on an item counts once.

    InputError, with file, row, column and value: a column that is missing or repeated, a value that is empty or no
    verdict, two verdicts of one rater on one item, a rater who is both human and judge, a judge who rated nothing.
    """
    entries, columns = entries_of(file, chosen)
    first: dict[tuple[str, str], tuple[str, Label]] = {}
    kinds: dict[str, tuple[str, Kind]] = {}
    for where, label in _labels(file.name, entries, columns):
        first_row, kind = kinds.setdefault(label.rater, (where, label.kind))
        if kind != label.kind:
            raise refusal(
                f"{file.name}, {where}, {columns.kind or 'kind'}: rater {label.rater!r} is {label.kind!r} here and"
                f" {kind!r} in {first_row}; a rater is one of them, so name the two differently"
            )
        first_row, earlier = first.setdefault((label.item, label.rater), (where, label))
        if earlier.verdict != label.verdict:
            raise refusal(
                f"{file.name}, {where}, {_column(label, columns)}: rater {label.rater!r} says {label.verdict!r} on item"
                f" {label.item!r} and {earlier.verdict!r} in {first_row}; keep one verdict per item and rater"
            )
    left_out = Counter(reason for entry in entries for reason in entry.left_out)
    wide = (f"raters are the columns {in_words(columns.raters)}",) if columns.raters else ()
    notes = (*file.rows.notes, *wide, *(f"left out: {count} × {reason}" for reason, count in left_out.items()))
    if not first:
        why = f" ({'; '.join(notes)})" if notes else ""
        raise refusal(f"{file.name} holds no label{why}")
    _require_judges(file.name, columns, kinds)
    return LabelSet(tuple(label for _, label in first.values()), columns, notes)


def _column(label: Label, columns: LabelColumns) -> str:
    return columns.verdict or label.rater


def _require_judges(name: str, columns: LabelColumns, kinds: dict[str, tuple[str, Kind]]) -> None:
    unknown = [judge for judge in columns.judges if judge not in kinds]
    if unknown:
        raise refusal(f"{name}: no rater is named {unknown[0]!r}; raters are {in_words(list(kinds))}")


def _labels(name: str, entries: tuple[Entry, ...], columns: LabelColumns) -> Iterator[tuple[str, Label]]:
    for entry in entries:
        for answer in entry.answers:
            if columns.verdict not in (None, answer.question):
                continue
            yield entry.where, _label(name, entry, answer, columns)


def _label(name: str, entry: Entry, answer: Given, columns: LabelColumns) -> Label:
    item = entry.fields.get(columns.item or "", "")
    for column, value in ((columns.item, item), (columns.rater or "rater", answer.rater)):
        if not value:
            raise refusal(f"{name}, {entry.where}, {column}: it is empty; every label needs one")
    kind = JUDGE if answer.rater in columns.judges else kind_of(answer.kind)
    if kind is None:
        raise refusal(
            f"{name}, {entry.where}, {columns.kind}: {short_repr(answer.kind)} is not allowed, only human, judge"
        )
    verdict = dict(columns.meanings).get(answer.value) or verdict_of(answer.value)
    if verdict is None:
        raise refusal(
            f"{name}, {answer.where}: {short_repr(answer.value)} is not allowed, only a, tie, b{_hint(answer)}"
        )
    return Label(item, answer.rater, cast("Kind", kind), verdict)


def _hint(answer: Given) -> str:
    if not answer.value:
        return "; leave out the rows of verdicts that nobody gave"
    word = short_repr(answer.value)[1:-1]
    say = f"say what it means: --value {word}=a, =tie or =b (on the page: what answers mean)"
    if answer.value.casefold() in _SIDES:
        return (
            "; a verdict is the method's (a or b), never the side on screen: put the method for the side; where a side"
            f" was always the same method's, {say}"
        )
    return f"; write who is better, {say}, or choose another column for the verdict"


def unknown_answers(file: LabelFile, chosen: LabelColumns) -> list[str]:
    """What stands for a verdict and says none, each once. Raises what `labels_of` does of columns."""
    entries, columns = entries_of(file, chosen)
    answers = (answer for entry in entries for answer in entry.answers if columns.verdict in (None, answer.question))
    return [text for text in dict.fromkeys(answer.value for answer in answers) if text and verdict_of(text) is None]
