"""Coefficients of agreement between raters, on arrays of codes.

`ratings` have the shape (raters, items), with finite codes of any number of categories, nan where a rater did not rate
the item. The letters are the sources': n_ik raters put item i into category k, n_i = sum over k of n_ik.

None means undefined: no two raters share an item ("nothing overlaps"), or, for the coefficients that correct for
chance, all the ratings that are compared are the same ("nothing varies"); then raw agreement is all there is to say.
Never 0, 1 or NaN.
"""

from typing import Literal

import krippendorff
import numpy as np
import numpy.typing as npt

from proutt_core.statistics.labels import Ratings

Level = Literal["nominal", "ordinal", "interval"]
Counts = npt.NDArray[np.int64]

FLEISS_VARIANT = (
    "pooled pairs: observed = share of agreeing pairs over each item's own pairs of raters, expected = sum of squared "
    "shares of the categories among those pairs; Fleiss (1971) where all items have equally many raters"
)


def category_counts(ratings: Ratings) -> tuple[Counts, npt.NDArray[np.float64]]:
    """n_ik, shape (items, categories), and the categories' codes in ascending order. ValueError for another shape."""
    if ratings.ndim != 2:
        raise ValueError(f"ratings must have the shape (raters, items), not {ratings.shape}")
    categories = np.unique(ratings[~np.isnan(ratings)])
    counts = (ratings[:, :, np.newaxis] == categories).sum(axis=0)
    return counts, categories


def _pairable(ratings: Ratings) -> tuple[Counts, npt.NDArray[np.float64]]:
    """`category_counts` of the items that at least two raters rated, without the categories nobody used there."""
    counts, categories = category_counts(ratings)
    counts = counts[counts.sum(axis=1) >= 2]
    used = counts.any(axis=0)
    return counts[:, used], categories[used]


def raw_pairs(ratings: Ratings) -> float | None:
    """Share of agreeing pairs among all pairs of raters on the same item, every item's pairs pooled."""
    n_ik, _ = _pairable(ratings)
    n_i = n_ik.sum(axis=1)
    pairs = (n_i * (n_i - 1)).sum()
    return float((n_ik * (n_ik - 1)).sum() / pairs) if pairs else None


def raw_all_equal(ratings: Ratings) -> float | None:
    """Share of items whose ratings are all equal, among the items with at least two ratings."""
    n_ik, _ = _pairable(ratings)
    return float((n_ik.max(axis=1) == n_ik.sum(axis=1)).mean()) if len(n_ik) else None


def krippendorff_alpha(ratings: Ratings, level: Level) -> float | None:
    """Krippendorff's alpha = 1 - D_o / D_e, on the items with at least two ratings.

    `krippendorff` 0.9.0 raises, or divides zero by zero, where alpha is undefined; what it gets here is always defined.
    Source: Krippendorff (2011), Computing Krippendorff's alpha-reliability.
    """
    n_ik, categories = _pairable(ratings)
    if len(categories) < 2:
        return None
    return float(krippendorff.alpha(value_counts=n_ik, value_domain=categories, level_of_measurement=level))


def fleiss_kappa(ratings: Ratings) -> float | None:
    """Fleiss' kappa = (P_o - P_e) / (1 - P_e), also where items have unequal numbers of raters (`FLEISS_VARIANT`).

    Each item enters with its own pairs only, and the categories' shares p_k are taken over the same pairs: rescaling
    uneven items to the largest number of raters, as some tools do, finds agreement in chance. Source: Fleiss (1971).
    """
    n_ik, categories = _pairable(ratings)
    if len(categories) < 2:
        return None
    others = n_ik.sum(axis=1) - 1  # each rating of item i stands in n_i - 1 ordered pairs
    pairs = (n_ik * others[:, np.newaxis]).sum()
    p_k = (n_ik * others[:, np.newaxis]).sum(axis=0) / pairs
    p_o = (n_ik * (n_ik - 1)).sum() / pairs
    p_e = (p_k**2).sum()
    return float((p_o - p_e) / (1 - p_e))


def overlap(x: Ratings, y: Ratings) -> npt.NDArray[np.bool_]:
    """Which items both raters rated; `x`, `y` and the answer have the shape (items,)."""
    return ~(np.isnan(x) | np.isnan(y))


def raw_agreement(x: Ratings, y: Ratings) -> float | None:
    """Share of equal ratings among the items that both rated."""
    both = overlap(x, y)
    return float((x[both] == y[both]).mean()) if both.any() else None


def cohen_kappa(x: Ratings, y: Ratings) -> float | None:
    """Cohen's kappa = (p_o - p_e) / (1 - p_e) of two raters, shape (items,) each, on the items that both rated.

    Undefined only where both use one and the same category; a single rater without variation has kappa 0. Unweighted.
    Source: Cohen (1960).
    """
    both = overlap(x, y)
    x, y = x[both], y[both]
    categories = np.unique(np.concatenate([x, y]))
    if len(categories) < 2:
        return None
    p_o = (x == y).mean()
    p_e = sum((x == k).mean() * (y == k).mean() for k in categories)
    return float((p_o - p_e) / (1 - p_e))
