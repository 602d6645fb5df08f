"""What became of a file's rows."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Protocol, Self

from proutt_core.dialogues.personal_data.finding import redacted_text
from proutt_core.errors import InputError

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
    """What became of the rows. It grows while rows are read; once all are, rows = imported + duplicates +
    earlier_states + skipped.

    `reasons` counts the skipped, unreadable rows and those that a filter or the draw left out; `numbers` has the first
    ten row numbers of each reason, `errors` the first fifty unreadable rows. `duplicates` and `renamed` (same id, other
    text) are counted by the database, except those that drawing a sample meets. `earlier_states` are dialogues that go
    on in a longer one. `named_splits` counts the dialogues whose split the source names, `moved` those that left it for
    the sake of their group; `balance` is how the dialogues fall into groups and splits (balance.py).
    """

    rows: int = 0
    imported: int = 0
    duplicates: int = 0
    earlier_states: int = 0
    renamed: int = 0
    skipped: int = 0
    samples: int = 0
    without_sample: int = 0
    moved: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    named_splits: Counter[str] = field(default_factory=Counter)
    numbers: dict[str, list[int | str]] = field(default_factory=dict)
    errors: list[RejectedRow] = field(default_factory=list)
    files: list[dict[str, str]] = field(default_factory=list)  # name and note: why one is not read, a guess
    balance: dict[str, Any] = field(default_factory=dict)

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

    def take(self, *, notes: Iterable[str], samples: int, named_split: str | None = None) -> None:
        """One more dialogue, with its notes, the number of its samples and the split that the source names."""
        self._count(notes, samples, sign=1)
        if named_split is not None:
            self.named_splits[named_split] += 1

    def _count(self, notes: Iterable[str], samples: int, *, sign: int) -> None:
        self.imported += sign
        self.samples += sign * samples
        self.without_sample += sign * (not samples)
        for note in notes:
            self.notes[note] += sign

    def take_back(self, *, notes: Iterable[str], samples: int, is_earlier_state: bool = False) -> None:
        """The database has this dialogue already, or a longer one: it counts as that and as nothing else."""
        self._count(notes, samples, sign=-1)
        if is_earlier_state:
            self.earlier_states += 1
        else:
            self.duplicates += 1
        self.notes = +self.notes

    def add(self, later: Self) -> None:
        """Add the report of the rows that follow."""
        for name in _COUNTED:
            setattr(self, name, getattr(self, name) + getattr(later, name))
        self.reasons.update(later.reasons)
        self.notes.update(later.notes)
        self.named_splits.update(later.named_splits)
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
            "earlier_states": self.earlier_states,
            "renamed": self.renamed,
            "skipped": self.skipped,
            "samples": self.samples,
            "without_sample": self.without_sample,
            "moved": self.moved,
            "reasons": dict(self.reasons),
            "notes": dict(self.notes),
            "named_splits": dict(self.named_splits),
            "numbers": {reason: list(numbers) for reason, numbers in self.numbers.items()},
            "errors": [_error_as_dict(error) for error in self.errors],
            "files": list(self.files),
            **self.balance,
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """The report that `as_dict` wrote while rows were read (by an earlier version too); an empty one from an empty
        dict."""
        if not values:
            return cls()
        return cls(
            **{name: values.get(name, 0) for name in _COUNTED},
            reasons=Counter(values["reasons"]),
            notes=Counter(values["notes"]),
            named_splits=Counter(values.get("named_splits", {})),
            numbers={reason: list(numbers) for reason, numbers in values["numbers"].items()},
            errors=[RejectedRow(**error) for error in values["errors"]],
            files=list(values.get("files", [])),
        )


_COUNTED = (
    "rows",
    "imported",
    "duplicates",
    "earlier_states",
    "renamed",
    "skipped",
    "samples",
    "without_sample",
    "moved",
)


def _error_as_dict(error: RejectedRow) -> dict[str, Any]:
    values = asdict(error)
    return values if error.file else {name: value for name, value in values.items() if name != "file"}


class Counted(Protocol):
    """What the reports of dialogues and of pairs have in common."""

    @property
    def rows(self) -> int: ...
    @property
    def imported(self) -> int: ...
    @property
    def reasons(self) -> Counter[str]: ...
    @property
    def numbers(self) -> Mapping[str, Sequence[int | str]]: ...


def require_something(report: Counted) -> None:
    """InputError that gives the reasons where nothing of a file was imported: an empty dataset is of no use."""
    if report.imported:
        return
    reasons = [
        f"{count:,} × {reason} (rows {', '.join(str(number) for number in report.numbers.get(reason, [])[:3])}"
        f"{' …' if count > 3 else ''})"
        for reason, count in report.reasons.most_common(3)
    ]
    said = f": {'; '.join(reasons)}" if reasons else ""
    raise InputError(f"nothing was imported, no dataset was made: none of {report.rows:,} rows became a dialogue{said}")
