import numpy as np
import pytest

from proutt_core.statistics.coefficients import (
    Level,
    cohen_kappa,
    fleiss_kappa,
    krippendorff_alpha,
    raw_agreement,
    raw_all_equal,
    raw_pairs,
)
from proutt_core.statistics.labels import Ratings

nan = np.nan

LEVELS: tuple[Level, ...] = ("nominal", "ordinal", "interval")

# Krippendorff (2011), Computing Krippendorff's alpha-reliability, example C: 4 coders x 12 units.
KRIPPENDORFF_2011 = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, nan, nan, nan],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, nan, 3],
        [nan, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, nan],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, nan],
    ]
)

# Fleiss (1971): 10 subjects, 5 categories, 14 raters; the row says how many raters chose each category.
FLEISS_1971 = [
    [0, 0, 0, 0, 14],
    [0, 2, 6, 4, 2],
    [0, 0, 3, 5, 6],
    [0, 3, 9, 2, 0],
    [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0],
    [3, 2, 6, 3, 0],
    [2, 5, 3, 2, 2],
    [6, 5, 2, 1, 0],
    [0, 2, 2, 3, 7],
]


def chance(seed: int, raters: int, items: int, missing: float) -> Ratings:
    """Labels drawn without looking at the item, ties rarer; a share of the cells is empty."""
    rng = np.random.default_rng(seed)
    codes = rng.choice([-1.0, 0.0, 1.0], size=(raters, items), p=[0.5, 0.1, 0.4])
    return np.where(rng.random((raters, items)) < missing, nan, codes)


@pytest.mark.parametrize(("level", "expected"), [("nominal", 0.7434), ("ordinal", 0.8154), ("interval", 0.8491)])
def test_alpha_of_krippendorffs_example(level: Level, expected: float) -> None:
    assert krippendorff_alpha(KRIPPENDORFF_2011, level) == pytest.approx(expected, abs=5e-5)


def test_alpha_may_be_negative() -> None:
    # D_o = 1 (both items disagree); D_e = 2 * 2 * 2 / (4 * 3) = 2/3; alpha = 1 - 3/2.
    assert krippendorff_alpha(np.array([[1.0, 0.0], [0.0, 1.0]]), "nominal") == pytest.approx(-0.5)


def test_alpha_of_one_disagreement_in_four() -> None:
    # D_o = 2/8; counts 3 (of 1), 3 (of 0), 2 (of -1): D_e = (64 - 9 - 9 - 4) / (8 * 7) = 42/56; alpha = 1 - 1/3.
    ratings = np.array([[1.0, 0.0, -1.0, 1.0], [1.0, 0.0, -1.0, 0.0]])
    assert krippendorff_alpha(ratings, "nominal") == pytest.approx(2 / 3)


def test_fleiss_example() -> None:
    by_item = [np.repeat(np.arange(5.0), row) for row in FLEISS_1971]
    assert fleiss_kappa(np.array(by_item).T) == pytest.approx(0.2099, abs=5e-5)


def test_fleiss_on_uneven_items_by_hand() -> None:
    # Item 1: 1 1 0, item 2: 0 0, item 3: one rating, no pair. Ordered pairs: 6 with 2 agreeing, 2 with 2: P_o = 4/8.
    # Ratings in those pairs: item 1 gives 4 of "1" and 2 of "0", item 2 gives 2 of "0": p = 1/2, 1/2; P_e = 1/2.
    ratings = np.array([[1, 0, nan], [1, 0, 1], [0, nan, nan]])
    assert fleiss_kappa(ratings) == pytest.approx(0.0)
    # A third item 1 1: P_o = 6/10, p = 6/10, 4/10, P_e = 52/100, kappa = 8/48.
    ratings[0, 2] = 1
    assert fleiss_kappa(ratings) == pytest.approx(1 / 6)


def test_cohen_by_hand() -> None:
    # p_o = 3/4; x has 1, 1, 0, -1 and y has 1, 0, 0, -1: p_e = 2/4 * 1/4 + 1/4 * 2/4 + 1/4 * 1/4 = 5/16; kappa = 7/11.
    x, y = np.array([1.0, 1.0, 0.0, -1.0]), np.array([1.0, 0.0, 0.0, -1.0])
    assert cohen_kappa(x, y) == pytest.approx(7 / 11)


def test_cohen_takes_margins_from_the_overlap_only() -> None:
    x, y = np.array([1.0, 1.0, 0.0, -1.0]), np.array([1.0, 0.0, 0.0, -1.0])
    wide_x, wide_y = np.append(x, [1.0, 1.0, nan]), np.append(y, [nan, nan, -1.0])
    assert cohen_kappa(wide_x, wide_y) == cohen_kappa(x, y)
    assert raw_agreement(wide_x, wide_y) == 0.75


def test_cohen_is_zero_where_one_rater_never_varies() -> None:
    assert cohen_kappa(np.array([1.0, 1.0]), np.array([1.0, -1.0])) == 0.0


def test_raw_agreement_pools_the_pairs_of_uneven_items() -> None:
    # 1 1 0 has 1 of 3 pairs, 0 0 has 1 of 1: 2 of 4 pairs, 1 of 2 items. The single rating counts nowhere.
    ratings = np.array([[1, 0, nan], [1, 0, 1], [0, nan, nan]])
    assert raw_pairs(ratings) == 0.5
    assert raw_all_equal(ratings) == 0.5


@pytest.mark.parametrize("missing", [0.0, 0.5])
def test_chance_labels_give_about_zero(missing: float) -> None:
    # 5 raters x 4,000 items; with half of the cells empty, items have 0 to 5 ratings. The standard error is below .015.
    ratings = chance(20260113, 5, 4000, missing)
    assert fleiss_kappa(ratings) == pytest.approx(0, abs=0.03)
    assert cohen_kappa(ratings[0], ratings[1]) == pytest.approx(0, abs=0.06)
    for level in LEVELS:
        assert krippendorff_alpha(ratings, level) == pytest.approx(0, abs=0.03)


def test_perfect_agreement_on_incomplete_data_is_one() -> None:
    truth = chance(7, 1, 500, 0.0)
    ratings = np.where(np.isnan(chance(8, 4, 500, 0.4)), nan, truth)
    assert raw_pairs(ratings) == raw_all_equal(ratings) == 1.0
    assert fleiss_kappa(ratings) == pytest.approx(1.0)
    assert cohen_kappa(ratings[0], ratings[1]) == pytest.approx(1.0)
    for level in LEVELS:
        assert krippendorff_alpha(ratings, level) == pytest.approx(1.0)


UNANIMOUS = np.ones((3, 4))
VARIES_ONLY_WHERE_NOBODY_ELSE_RATED = np.array([[1, 1, -1], [1, 1, nan]])
NO_OVERLAP = np.array([[1, nan], [nan, -1]])


@pytest.mark.parametrize("ratings", [UNANIMOUS, VARIES_ONLY_WHERE_NOBODY_ELSE_RATED])
def test_undefined_where_nothing_varies(ratings: Ratings) -> None:
    assert [krippendorff_alpha(ratings, level) for level in LEVELS] == [None] * 3
    assert fleiss_kappa(ratings) is None
    assert cohen_kappa(ratings[0], ratings[1]) is None
    assert raw_pairs(ratings) == raw_all_equal(ratings) == 1.0


@pytest.mark.parametrize("ratings", [NO_OVERLAP, np.full((2, 3), nan), np.empty((0, 3)), np.empty((2, 0))])
def test_undefined_where_nothing_overlaps(ratings: Ratings) -> None:
    assert [krippendorff_alpha(ratings, level) for level in LEVELS] == [None] * 3
    assert fleiss_kappa(ratings) is None
    assert raw_pairs(ratings) is None
    assert raw_all_equal(ratings) is None


def test_two_raters_without_overlap_have_no_kappa() -> None:
    assert cohen_kappa(NO_OVERLAP[0], NO_OVERLAP[1]) is None
    assert raw_agreement(NO_OVERLAP[0], NO_OVERLAP[1]) is None


def test_a_flat_array_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\(raters, items\)"):
        raw_pairs(np.array([1.0, 0.0]))
