"""Against the majority: the people's strict majority per item, a judge against it, and each human against the others'.

Ratings are coded by method (a +1, tie 0, b -1, nan for none). Undefined is None, as in `coefficients`.
"""

from dataclasses import dataclass

import numpy as np

from proutt_core.statistics.coefficients import category_counts, cohen_kappa, krippendorff_alpha, overlap, raw_agreement
from proutt_core.statistics.labels import CODES, Ratings
from proutt_core.types import Verdict

CONFUSION_ORDER: tuple[Verdict, Verdict, Verdict] = ("b", "tie", "a")  # ascending codes: -1, 0, +1

Confusion = tuple[tuple[int, int, int], tuple[int, int, int], tuple[int, int, int]]


@dataclass(frozen=True, slots=True)
class Decisive:
    """Agreement where neither the majority nor the judge says tie."""

    n: int
    raw: float | None
    cohen_kappa: float | None


@dataclass(frozen=True, slots=True)
class BesideHuman:
    """A judge and one human against the same majority, that of the other humans, on the same `n` items."""

    human: str
    n: int
    raw: float | None
    human_raw: float | None
    cohen_kappa: float | None
    human_cohen_kappa: float | None


@dataclass(frozen=True, slots=True)
class JudgeAgreement:
    """A judge against the humans' strict majority.

    Every item is either among the `n` compared or in exactly one `without_…` count, in their order here.
    """

    n: int
    without_humans: int
    without_majority: int
    without_judge: int  # the humans agree on a verdict, and the judge's is missing or was unreadable
    raw: float | None
    cohen_kappa: float | None
    alpha_nominal: float | None
    alpha_ordinal: float | None
    confusion: Confusion  # rows the majority, columns the judge, both in CONFUSION_ORDER
    decisive: Decisive
    beside_humans: tuple[BesideHuman, ...]


@dataclass(frozen=True, slots=True)
class Ceiling:
    """One human against the strict majority of the other humans: how well a judge could do at best.

    `without_majority` of the items that this human and others rated fall away because those others have no strict
    majority, so the `n` that stay are the easier items; with two others, they are those on which the two agree.
    """

    rater: str
    n: int
    without_majority: int
    raw: float | None
    cohen_kappa: float | None


def strict_majority(ratings: Ratings) -> Ratings:
    """Per item the code that more than half of its raters gave, else nan; (raters, items) to (items,)."""
    n_ik, categories = category_counts(ratings)
    majority = np.full(ratings.shape[1], np.nan)
    item, k = np.nonzero(2 * n_ik > n_ik.sum(axis=1, keepdims=True))
    majority[item] = categories[k]
    return majority


def confusion_matrix(majority: Ratings, judge: Ratings) -> Confusion:
    """Counts over the items that have both; rows the majority, columns the judge, both in CONFUSION_ORDER."""
    codes = [CODES[verdict] for verdict in CONFUSION_ORDER]
    b, tie, a = (tuple(int(((majority == row) & (judge == column)).sum()) for column in codes) for row in codes)
    return b, tie, a  # type: ignore[return-value]  # three of three, which mypy cannot count


def judge_agreement(judge: Ratings, humans: Ratings, *, human_names: tuple[str, ...]) -> JudgeAgreement:
    """`judge` (items,) against `humans` (raters, items), whose rows are `human_names`."""
    majority = strict_majority(humans)
    pair = np.stack([majority, judge])
    both = overlap(majority, judge)
    rated = ~np.isnan(humans).all(axis=0)
    decided = ~np.isnan(majority)
    return JudgeAgreement(
        n=int(both.sum()),
        without_humans=int((~rated).sum()),
        without_majority=int((rated & ~decided).sum()),
        without_judge=int((decided & ~both).sum()),
        raw=raw_agreement(majority, judge),
        cohen_kappa=cohen_kappa(majority, judge),
        alpha_nominal=krippendorff_alpha(pair, "nominal"),
        alpha_ordinal=krippendorff_alpha(pair, "ordinal"),
        confusion=confusion_matrix(majority, judge),
        decisive=_decisive(majority, judge),
        beside_humans=_beside_humans(judge, humans, human_names),
    )


def human_ceiling(humans: Ratings, *, human_names: tuple[str, ...]) -> tuple[Ceiling, ...]:
    """Each row of `humans` (raters, items) against the strict majority of the other rows; empty below two humans."""
    ceilings = []
    for i, name, others in _leave_one_out(humans, human_names):
        majority = strict_majority(others)
        shared = ~np.isnan(humans[i]) & ~np.isnan(others).all(axis=0)
        n = int(overlap(majority, humans[i]).sum())
        ceilings.append(
            Ceiling(
                rater=name,
                n=n,
                without_majority=int(shared.sum()) - n,
                raw=raw_agreement(majority, humans[i]),
                cohen_kappa=cohen_kappa(majority, humans[i]),
            )
        )
    return tuple(ceilings)


def _decisive(majority: Ratings, judge: Ratings) -> Decisive:
    x = np.where(majority == CODES["tie"], np.nan, majority)
    y = np.where(judge == CODES["tie"], np.nan, judge)
    return Decisive(n=int(overlap(x, y).sum()), raw=raw_agreement(x, y), cohen_kappa=cohen_kappa(x, y))


def _beside_humans(judge: Ratings, humans: Ratings, names: tuple[str, ...]) -> tuple[BesideHuman, ...]:
    rows = []
    for i, name, others in _leave_one_out(humans, names):
        # One set of items for both: those that this human and the judge have, and on which the others are decided.
        majority = np.where(overlap(judge, humans[i]), strict_majority(others), np.nan)
        rows.append(
            BesideHuman(
                human=name,
                n=int((~np.isnan(majority)).sum()),
                raw=raw_agreement(majority, judge),
                human_raw=raw_agreement(majority, humans[i]),
                cohen_kappa=cohen_kappa(majority, judge),
                human_cohen_kappa=cohen_kappa(majority, humans[i]),
            )
        )
    return tuple(rows)


def _leave_one_out(humans: Ratings, names: tuple[str, ...]) -> list[tuple[int, str, Ratings]]:
    if len(humans) < 2:
        return []
    return [(i, name, np.delete(humans, i, axis=0)) for i, name in enumerate(names)]
