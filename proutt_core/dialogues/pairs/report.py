"""A pair read from a file, ready to be stored, and what became of the file's rows."""

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

from proutt_core.dialogues.personal_data.finding import redacted_text
from proutt_core.dialogues.report import SHOWN_ERRORS, SHOWN_NUMBERS, RejectedRow
from proutt_core.types import GateFailure, Split, Trace, VerbatimPair

SHOWN_CAUSES = 12  # why rows were kept as text; the rest is counted together
OTHER_CAUSES = "other causes"


@dataclass(frozen=True, slots=True)
class ImportedPair:
    """A pair ready to be stored. `chosen` and `rejected` are set where all answers of the row are traces."""

    number: int
    verbatim: VerbatimPair
    chosen: Trace | None
    rejected: Trace | None
    group: str  # of the prompt: equal prompts share a split
    split: Split
    gates_failed: tuple[GateFailure, ...]


@dataclass(slots=True)
class PairReport:
    """What became of the rows: rows = imported + duplicates + skipped; imported = parsed + verbatim.

    `sft_only` of the imported have no rejected answer. `causes` says why rows are kept as text.
    """

    rows: int = 0
    imported: int = 0
    parsed: int = 0
    verbatim: int = 0
    sft_only: int = 0
    duplicates: int = 0
    skipped: int = 0
    gate_failed: int = 0
    causes: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    numbers: dict[str, list[int]] = field(default_factory=dict)
    errors: list[RejectedRow] = field(default_factory=list)

    def reject(self, row: RejectedRow) -> None:
        self.skipped += 1
        self.reasons[row.reason] += 1
        numbers = self.numbers.setdefault(row.reason, [])
        if len(numbers) < SHOWN_NUMBERS:
            numbers.append(row.number)
        if len(self.errors) < SHOWN_ERRORS:
            self.errors.append(replace(row, detail=redacted_text(row.detail)))

    def take(self, pair: ImportedPair, *, cause: str) -> None:
        self.imported += 1
        self.sft_only += not pair.verbatim.rejected
        self.gate_failed += bool(pair.gates_failed)
        if pair.chosen is not None:
            self.parsed += 1
            return
        self.verbatim += 1
        known = cause in self.causes or len(self.causes) < SHOWN_CAUSES
        self.causes[cause if known else OTHER_CAUSES] += 1

    def as_dict(self) -> dict[str, Any]:
        """The report as plain JSON values."""
        counts = ("rows", "imported", "parsed", "verbatim", "sft_only", "duplicates", "skipped", "gate_failed")
        return {name: getattr(self, name) for name in counts} | {
            "causes": dict(self.causes),
            "notes": dict(self.notes),
            "reasons": dict(self.reasons),
            "numbers": {reason: list(numbers) for reason, numbers in self.numbers.items()},
            "errors": [{"number": e.number, "reason": e.reason, "detail": e.detail} for e in self.errors],
        }
