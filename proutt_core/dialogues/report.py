"""What became of a file's rows."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

from proutt_core.dialogues.personal_data.finding import redacted_text

SHOWN_ERRORS = 50
SHOWN_NUMBERS = 10


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that could not become a dialogue. `reason` is one of few phrases, `detail` particular to the row; `file` is
    the row's where the source has several."""

    number: int
    reason: str
    detail: str = ""
    file: str = ""


@dataclass(slots=True)
class ImportReport:
    """What became of the rows. It grows while rows are read; once all are, rows = imported + duplicates + skipped.

    `reasons` counts the skipped, unreadable rows and those that a filter or the draw left out; `numbers` has the first
    ten row numbers of each reason, `errors` the first fifty unreadable rows. `duplicates` and `renamed` (same id, other
    text) are counted by the database, except those that drawing a sample meets.
    """

    rows: int = 0
    imported: int = 0
    duplicates: int = 0
    renamed: int = 0
    skipped: int = 0
    samples: int = 0
    without_sample: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    numbers: dict[str, list[int | str]] = field(default_factory=dict)
    errors: list[RejectedRow] = field(default_factory=list)

    def skip(self, number: int, reason: str, *, file: str = "") -> None:
        self.skipped += 1
        self.reasons[reason] += 1
        numbers = self.numbers.setdefault(reason, [])
        if len(numbers) < SHOWN_NUMBERS:
            numbers.append(f"{file}:{number}" if file else number)

    def reject(self, row: RejectedRow) -> None:
        self.skip(row.number, row.reason, file=row.file)
        if len(self.errors) < SHOWN_ERRORS:
            self.errors.append(replace(row, detail=redacted_text(row.detail)))

    def take(self, *, notes: Iterable[str], samples: int) -> None:
        """One more dialogue, with its notes and the number of its samples."""
        self._count(notes, samples, sign=1)

    def _count(self, notes: Iterable[str], samples: int, *, sign: int) -> None:
        self.imported += sign
        self.samples += sign * samples
        self.without_sample += sign * (not samples)
        for note in notes:
            self.notes[note] += sign

    def take_back_duplicate(self, *, notes: Iterable[str], samples: int) -> None:
        """The database has this dialogue already: it counts as a duplicate and as nothing else."""
        self._count(notes, samples, sign=-1)
        self.duplicates += 1
        self.notes = +self.notes

    def add(self, later: Self) -> None:
        """Add the report of the rows that follow."""
        for name in _COUNTED:
            setattr(self, name, getattr(self, name) + getattr(later, name))
        self.reasons.update(later.reasons)
        self.notes.update(later.notes)
        for reason, numbers in later.numbers.items():
            own_numbers = self.numbers.setdefault(reason, [])
            own_numbers += numbers[: SHOWN_NUMBERS - len(own_numbers)]
        self.errors += later.errors[: SHOWN_ERRORS - len(self.errors)]

    def cut_off(self) -> Self:
        """The report so far; from here on this one counts later rows only."""
        report = replace(self)
        self.__init__()  # type: ignore[misc]
        return report

    def as_dict(self) -> dict[str, Any]:
        """The report as plain JSON values. (`dataclasses.asdict` makes nonsense of a Counter.)"""
        return {
            "rows": self.rows,
            "imported": self.imported,
            "duplicates": self.duplicates,
            "renamed": self.renamed,
            "skipped": self.skipped,
            "samples": self.samples,
            "without_sample": self.without_sample,
            "reasons": dict(self.reasons),
            "notes": dict(self.notes),
            "numbers": {reason: list(numbers) for reason, numbers in self.numbers.items()},
            "errors": [_error_as_dict(error) for error in self.errors],
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """The report that `as_dict` wrote; an empty one from an empty dict."""
        if not values:
            return cls()
        return cls(
            **{name: values[name] for name in _COUNTED},
            reasons=Counter(values["reasons"]),
            notes=Counter(values["notes"]),
            numbers={reason: list(numbers) for reason, numbers in values["numbers"].items()},
            errors=[RejectedRow(**error) for error in values["errors"]],
        )


_COUNTED = ("rows", "imported", "duplicates", "renamed", "skipped", "samples", "without_sample")


def _error_as_dict(error: RejectedRow) -> dict[str, Any]:
    values = asdict(error)
    return values if error.file else {name: value for name, value in values.items() if name != "file"}
