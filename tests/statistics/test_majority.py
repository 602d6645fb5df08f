import numpy as np

from proutt_core.statistics.majority import confusion_matrix, human_ceiling, judge_agreement, strict_majority

nan = np.nan


def test_strict_majority_is_more_than_half_of_those_who_rated() -> None:
    # a a b | a b (half is not enough) | a a tie b (most, but half) | one rater | nobody | a tie b
    humans = np.array(
        [
            [1, 1, 1, nan, nan, 1],
            [1, -1, 1, 0, nan, 0],
            [-1, nan, 0, nan, nan, -1],
            [nan, nan, -1, nan, nan, nan],
        ]
    )
    assert np.array_equal(strict_majority(humans), [1, nan, nan, 0, nan, nan], equal_nan=True)


def test_confusion_rows_are_the_majority_and_columns_the_judge() -> None:
    majority = np.array([-1.0, -1.0, 0.0, 1.0, nan])
    judge = np.array([0.0, 0.0, 1.0, nan, 1.0])
    assert confusion_matrix(majority, judge) == ((0, 2, 0), (0, 0, 1), (0, 0, 0))


def test_every_item_is_compared_or_counted_once_as_left_out() -> None:
    # compared | no majority | no majority and no judge | no judge | nobody | compared
    humans = np.array([[1, 1, 1, 0, nan, -1], [1, -1, -1, 0, nan, nan]])
    judge = np.array([1, 1, nan, nan, 1, 0])
    agreement = judge_agreement(judge, humans, human_names=("p", "q"))
    assert (agreement.n, agreement.without_humans, agreement.without_majority, agreement.without_judge) == (2, 1, 2, 1)
    assert agreement.raw == 0.5
    assert agreement.confusion == ((0, 1, 0), (0, 0, 0), (0, 0, 1))


def test_decisive_drops_ties_on_both_sides() -> None:
    humans = np.array([[1.0, -1.0, 0.0, 1.0, 1.0]])
    judge = np.array([1.0, -1.0, 1.0, 0.0, -1.0])
    decisive = judge_agreement(judge, humans, human_names=("p",)).decisive
    # left: (1, 1), (-1, -1), (1, -1): p_o = 2/3, p_e = 2/3 * 1/3 + 1/3 * 2/3 = 4/9, kappa = 2/5
    assert (decisive.n, decisive.raw) == (3, 2 / 3)
    assert decisive.cohen_kappa is not None and abs(decisive.cohen_kappa - 0.4) < 1e-12


def test_a_judge_that_scored_nothing_is_undefined_not_zero() -> None:
    humans = np.array([[1.0, -1.0], [1.0, -1.0]])
    agreement = judge_agreement(np.array([nan, nan]), humans, human_names=("p", "q"))
    assert (agreement.n, agreement.without_judge) == (0, 2)
    assert [agreement.raw, agreement.cohen_kappa, agreement.alpha_nominal, agreement.alpha_ordinal] == [None] * 4
    assert (agreement.decisive.n, agreement.decisive.raw, agreement.decisive.cohen_kappa) == (0, None, None)


def test_the_ceiling_leaves_the_human_out_of_their_own_majority() -> None:
    # p against q and r: they agree on items 1 and 2, not on 3; on 4 only q rated, who is then the majority.
    humans = np.array([[1, 1, 1, 0], [1, -1, 1, -1], [1, -1, -1, nan]])
    p = human_ceiling(humans, human_names=("p", "q", "r"))[0]
    assert (p.rater, p.n, p.without_majority) == ("p", 3, 1)
    assert p.raw == 1 / 3


def test_one_human_has_no_ceiling() -> None:
    assert human_ceiling(np.array([[1.0, -1.0]]), human_names=("p",)) == ()


def test_judge_and_human_stand_beside_each_other_on_the_same_items() -> None:
    # Others of p: q. The judge has no verdict on item 1, so item 1 counts for neither.
    humans = np.array([[1.0, 1.0, -1.0], [1.0, -1.0, -1.0]])
    judge = np.array([nan, -1.0, -1.0])
    p = judge_agreement(judge, humans, human_names=("p", "q")).beside_humans[0]
    assert (p.human, p.n, p.raw, p.human_raw) == ("p", 2, 1.0, 0.5)
