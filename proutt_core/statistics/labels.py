"""Labels: who gave which verdict on which item. Read from CSV, coded by method and never by side on screen."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from proutt_core.errors import InputError
from proutt_core.types import Verdict

Kind = Literal["human", "judge"]
Ratings = npt.NDArray[np.float64]  # shape (raters, items), or (items,) for one rater; nan where nobody rated

CODES: dict[Verdict, float] = {"a": 1.0, "tie": 0.0, "b": -1.0}
CODING = "by method: a = +1, tie = 0, b = -1"

COLUMNS = ("item", "rater", "kind", "verdict")
_ALLOWED: dict[str, tuple[str, ...]] = {"kind": get_args(Kind), "verdict": get_args(Verdict)}


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


def read_labels(path: Path | str) -> list[Label]:
    """The labels of a CSV file with the columns item, rater, kind (human|judge) and verdict (a|tie|b).

    Other columns are ignored; a byte order mark, any line ends and blank rows are fine. The same verdict of a rater on
    an item counts once. InputError, with file, row (the header is row 1), field and value: a file that cannot be read
    or holds no label, a missing or repeated column, a row of another length, a value that is empty or not allowed, two
    verdicts of one rater on one item, and a rater who is both human and judge.
    """
    path = Path(path)
    first: dict[tuple[str, str], tuple[int, Label]] = {}
    kinds: dict[str, tuple[int, Kind]] = {}
    for number, label in _rows(path):
        first_row, kind = kinds.setdefault(label.rater, (number, label.kind))
        if kind != label.kind:
            raise InputError(
                f"{path}, row {number}, kind: rater {label.rater!r} is {label.kind!r} here and {kind!r} in row "
                f"{first_row}; a rater is one of them, so name the two differently"
            )
        first_row, earlier = first.setdefault((label.item, label.rater), (number, label))
        if earlier.verdict != label.verdict:
            raise InputError(
                f"{path}, row {number}, verdict: rater {label.rater!r} says {label.verdict!r} on item {label.item!r} "
                f"and {earlier.verdict!r} in row {first_row}; keep one verdict per item and rater"
            )
    if not first:
        raise InputError(f"{path} holds no label: there is no row under the header")
    return [label for _, label in first.values()]


def _rows(path: Path) -> Iterator[tuple[int, Label]]:
    """Each label with its row number."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = _header(path, next(reader, []))
            for number, row in enumerate(reader, start=2):
                if any(value.strip() for value in row):
                    yield number, _label(path, number, header, row)
    except OSError as exc:
        raise InputError(f"{path} cannot be read: {exc.strerror or exc}") from exc
    except UnicodeDecodeError as exc:
        raise InputError(f"{path} is not UTF-8 text; save it as CSV in UTF-8") from exc
    except csv.Error as exc:
        raise InputError(f"{path}, line {reader.line_num}: not readable as CSV ({exc})") from exc


def _header(path: Path, row: list[str]) -> list[str]:
    header = [name.strip() for name in row]
    for column in COLUMNS:
        if header.count(column) != 1:
            raise InputError(
                f"{path}, row 1: the column {column!r} appears {header.count(column)} times; expected a "
                f"comma-separated header with {', '.join(COLUMNS)} once each, found {', '.join(header) or 'nothing'}"
            )
    return header


def _label(path: Path, number: int, header: list[str], row: list[str]) -> Label:
    if len(row) != len(header):
        raise InputError(
            f"{path}, row {number}: {len(row)} fields where the header has {len(header)}; put quotes around values "
            "that contain a comma"
        )
    values = {name: value.strip() for name, value in zip(header, row, strict=True)}
    for column in COLUMNS:
        allowed = _ALLOWED.get(column)
        if allowed and values[column] not in allowed:
            hint = "; leave out the rows of verdicts that nobody gave" if not values[column] else ""
            raise InputError(
                f"{path}, row {number}, {column}: {values[column]!r} is not allowed, only {', '.join(allowed)}{hint}"
            )
        if not values[column]:
            raise InputError(f"{path}, row {number}, {column}: it is empty; expected the name of the {column}")
    return Label(item=values["item"], rater=values["rater"], kind=values["kind"], verdict=values["verdict"])  # type: ignore[arg-type]
