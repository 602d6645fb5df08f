"""What a file of labels is: a table whose columns a person may choose, or the export of a tool."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from proutt_core.label_files.answers import HUMAN, Entry, Given, verdict_of
from proutt_core.label_files.columns import (
    ITEM_NAMES,
    VERDICT_NAMES,
    LabelColumns,
    completed,
    guessed,
    in_words,
    named_in,
)
from proutt_core.label_files.tools import TOOLS, Tool
from proutt_core.row_files.opening import rows_in
from proutt_core.row_files.rows import Row, Rows, folded, refusal, text_of

TABLE = "a table"


@dataclass(frozen=True, slots=True)
class LabelFile:
    """`title` is the tool's whose export it is, or `TABLE`. `columns` may name the item; `questions` are those that an
    export answers, none of a table. `guess` is what is read unless somebody chooses otherwise."""

    name: str
    title: str
    columns: tuple[str, ...]
    questions: tuple[str, ...]
    guess: LabelColumns
    rows: Rows
    entries: tuple[Entry, ...] = ()

    @property
    def is_table(self) -> bool:
        return self.title == TABLE


def read_label_file(path: Path | str, *, name: str = "") -> LabelFile:
    """Whatever the file holds, with a guess at its columns. `name` is what messages call it; the path without one.

    InputError where it cannot be read, or holds no row.
    """
    name = name or str(path)
    rows = rows_in(Path(path), name=name)
    if not rows.rows:
        raise refusal(f"{name} holds no label: there is no row under the header, found {in_words(rows.columns)}")
    tool = next((tool for tool in TOOLS if any(tool.is_row(row.values) for row in rows.rows[:20])), None)
    if tool is None:
        return LabelFile(name, TABLE, rows.columns, (), guessed(rows), rows)
    return _export(name, rows, tool)


def _export(name: str, rows: Rows, tool: Tool) -> LabelFile:
    stray = next((row for row in rows.rows if not tool.is_row(row.values)), None)
    if stray is not None:
        raise refusal(f"{name}, {stray.where}: other rows are {tool.title}'s and this one is not; keep them apart")
    entries = tuple(tool.read(row) for row in rows.rows)
    answered = [entry for entry in entries if entry.answers] or entries
    shared = [field for field in answered[0].fields if all(entry.fields.get(field) for entry in answered)]
    questions = tuple(dict.fromkeys(answer.question for entry in entries for answer in entry.answers))
    guess = LabelColumns(item=named_in(ITEM_NAMES, shared), verdict=_likely_question(entries, questions))
    return LabelFile(name, tool.title, tuple(shared), questions, guess, rows, entries)


def _likely_question(entries: Iterable[Entry], questions: tuple[str, ...]) -> str | None:
    """The only one that is answered by verdicts; else, of several, one that bears a name for it."""
    values: dict[str, set[str]] = {}
    for entry in entries:
        for answer in entry.answers:
            values.setdefault(answer.question, set()).add(answer.value)
    likely = [question for question in questions if all(verdict_of(value) for value in values[question])]
    if len(likely or questions) == 1:
        return (likely or list(questions))[0]
    return named_in(VERDICT_NAMES, likely or questions)


def entries_of(file: LabelFile, chosen: LabelColumns) -> tuple[tuple[Entry, ...], LabelColumns]:
    """The entries with the columns that were read for them. InputError where a column or question is not known."""
    if file.is_table:
        columns = completed(file.rows, chosen, name=file.name)
        return tuple(_table_entry(row, columns) for row in file.rows.rows), columns
    if chosen.raters or chosen.rater or chosen.kind:
        raise refusal(f"{file.name} is an export of {file.title}, which names the raters itself: choose no column")
    item = _known(file, chosen.item or file.guess.item, file.columns, "item")
    question = _known(file, chosen.verdict or file.guess.verdict, file.questions, "verdict")
    return file.entries, LabelColumns(item=item, verdict=question, judges=chosen.judges, meanings=chosen.meanings)


def _known(file: LabelFile, name: str | None, names: tuple[str, ...], what: str) -> str:
    if name is not None:
        matching = [known for known in names if known == name] or [k for k in names if folded(k) == folded(name)]
        if len(matching) == 1:
            return matching[0]
    problem = f"holds no {name!r}" if name is not None else "holds several, or none, that could be it"
    noun = "fields that every row has" if what == "item" else "questions that are answered"
    raise refusal(
        f"{file.name}, an export of {file.title}, {problem}: say which is the {what} (--{what});"
        f" {noun}: {in_words(names)}"
    )


def _table_entry(row: Row, columns: LabelColumns) -> Entry:
    values = {name: text_of(value) for name, value in row.values.items()}
    if columns.raters:
        answers = tuple(
            Given(f"{row.where}, {rater}", rater, rater, HUMAN, values[rater])
            for rater in columns.raters
            if values.get(rater)
        )
        return Entry(row.where, values, answers)
    rater, verdict = columns.rater or "", columns.verdict or ""
    kind = values.get(columns.kind, "") if columns.kind else HUMAN
    answer = Given(f"{row.where}, {verdict}", verdict, values.get(rater, ""), kind, values.get(verdict, ""))
    return Entry(row.where, values, (answer,))
