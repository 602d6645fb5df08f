"""Labels: who gave which verdict on which item. Coded by method and never by side on screen."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from proutt_core.types import Verdict

Kind = Literal["human", "judge"]
Ratings = npt.NDArray[np.float64]  # shape (raters, items), or (items,) for one rater; nan where nobody rated

CODES: dict[Verdict, float] = {"a": 1.0, "tie": 0.0, "b": -1.0}
CODING = "by method: a = +1, tie = 0, b = -1"


@dataclass(frozen=True, slots=True)
class Label:
    """One rater's verdict on one item. What a judge left unreadable is no label at all, never a tie."""

    item: str
    rater: str
    kind: Kind
    verdict: Verdict


def raters_of(labels: Sequence[Label], kind: Kind) -> tuple[str, ...]:
    """The names of the people, or of the judges, in order."""
    return tuple(sorted({label.rater for label in labels if label.kind == kind}))


def ratings(labels: Sequence[Label], *, raters: Sequence[str], items: Sequence[str]) -> Ratings:
    """Codes in the order of `raters` and `items`, shape (raters, items); nan where there is no label.

    Labels of other raters or items are left out. ValueError where a rater gave one item two verdicts.
    """
    row = {rater: i for i, rater in enumerate(raters)}
    column = {item: j for j, item in enumerate(items)}
    coded = np.full((len(row), len(column)), np.nan)
    for label in labels:
        if label.rater not in row or label.item not in column:
            continue
        cell = row[label.rater], column[label.item]
        code = CODES[label.verdict]
        if not np.isnan(coded[cell]) and coded[cell] != code:
            raise ValueError(f"rater {label.rater!r} gave item {label.item!r} two verdicts")
        coded[cell] = code
    return coded
