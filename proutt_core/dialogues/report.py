"""What became of a file's rows."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Self

from proutt_core.dialogues.personal_data.finding import hidden

SHOWN_ERRORS = 50
SHOWN_NUMBERS = 10


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that could not become a dialogue. `reason` is one of few phrases, `detail` particular to the row."""

    number: int
    reason: str
    detail: str = ""


@dataclass(slots=True)
class ImportReport:
    """What became of the rows. It grows while rows are read; rows = imported + duplicates + skipped, once they all are.

    `reasons` counts the skipped, unreadable rows and those that a filter or the draw left out; `numbers` has the first
    ten row numbers of each reason, `errors` the first fifty unreadable rows. `duplicates` and `renamed` (same id, other
    text) are for the database to count, but for those met while drawing.
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
    numbers: dict[str, list[int]] = field(default_factory=dict)
    errors: list[RejectedRow] = field(default_factory=list)

    def skip(self, number: int, reason: str) -> None:
        self.skipped += 1
        self.reasons[reason] += 1
        numbers = self.numbers.setdefault(reason, [])
        if len(numbers) < SHOWN_NUMBERS:
            numbers.append(number)

    def reject(self, row: RejectedRow) -> None:
        self.skip(row.number, row.reason)
        if len(self.errors) < SHOWN_ERRORS:
            self.errors.append(replace(row, detail=hidden(row.detail)))

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
        """What became of the rows after those that this report tells of."""
        for name in _COUNTED:
            setattr(self, name, getattr(self, name) + getattr(later, name))
        self.reasons.update(later.reasons)
        self.notes.update(later.notes)
        for reason, numbers in later.numbers.items():
            known = self.numbers.setdefault(reason, [])
            known += numbers[: SHOWN_NUMBERS - len(known)]
        self.errors += later.errors[: SHOWN_ERRORS - len(self.errors)]

    def cut_off(self) -> Self:
        """What it told so far; from here on it tells of later rows only."""
        told = replace(self)
        self.__init__()  # type: ignore[misc]
        return told

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
            "errors": [{"number": e.number, "reason": e.reason, "detail": e.detail} for e in self.errors],
        }

    @classmethod
    def from_dict(cls, told: dict[str, Any]) -> Self:
        """The report that `as_dict` wrote; an empty one from an empty dict."""
        if not told:
            return cls()
        return cls(
            **{name: told[name] for name in _COUNTED},
            reasons=Counter(told["reasons"]),
            notes=Counter(told["notes"]),
            numbers={reason: list(numbers) for reason, numbers in told["numbers"].items()},
            errors=[RejectedRow(**error) for error in told["errors"]],
        )


_COUNTED = ("rows", "imported", "duplicates", "renamed", "skipped", "samples", "without_sample")
