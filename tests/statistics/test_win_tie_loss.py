import numpy as np
import pytest

from proutt_core.statistics.win_tie_loss import WinTieLoss, sign_test, win_tie_loss

nan = np.nan


def test_fifty_wins_twenty_ties_thirty_losses() -> None:
    one_person = np.repeat([1.0, 0.0, -1.0], [50, 20, 30])[np.newaxis]
    outcome = win_tie_loss(one_person)
    assert (outcome.wins, outcome.ties, outcome.losses, outcome.n) == (50, 20, 30, 100)
    assert outcome.net_win_rate == 0.20
    assert outcome.win_rate == 0.60
    assert outcome.sign_test_p == pytest.approx(0.033, abs=5e-4)


def test_sign_test_by_hand() -> None:
    # 5 to 1: 2 * (C(6,5) + C(6,6)) / 2^6 = 14/64. 3 to 0: 2 / 8. 2 to 2: the whole distribution.
    assert sign_test(5, 1) == pytest.approx(14 / 64)
    assert sign_test(0, 3) == pytest.approx(1 / 4)
    assert sign_test(2, 2) == 1.0


@pytest.mark.parametrize(("wins", "losses"), [(61, 39), (55, 35), (50, 30), (44, 26), (39, 21)])
def test_critical_splits(wins: int, losses: int) -> None:
    # One case fewer for the leader, and the exact test stays above 5 %.
    reached, missed = sign_test(wins, losses), sign_test(wins - 1, losses + 1)
    assert reached is not None and missed is not None
    assert reached < 0.05 < missed


def test_a_case_is_the_strict_majority_of_its_people_and_a_tie_without_one() -> None:
    # a a b | a tie b | a b | tie tie b | b b b | a | nobody
    votes = np.array(
        [
            [1, 1, 1, 0, -1, 1, nan],
            [1, 0, -1, 0, -1, nan, nan],
            [-1, -1, nan, -1, -1, nan, nan],
        ]
    )
    assert win_tie_loss(votes) == WinTieLoss(
        wins=2,
        ties=3,
        losses=1,
        ties_without_majority=2,
        unjudged=1,
        net_win_rate=1 / 6,
        win_rate=3.5 / 6,
        sign_test_p=1.0,
    )


def test_votes_are_not_pooled() -> None:
    # Five cases, three people who all say a: five observations (p = 2/32), not fifteen.
    assert win_tie_loss(np.ones((3, 5))).sign_test_p == pytest.approx(2 / 32)


def test_exchanging_the_methods_mirrors_the_result() -> None:
    votes = np.random.default_rng(3).choice([-1.0, 0.0, 1.0, nan], size=(3, 60), p=[0.2, 0.2, 0.4, 0.2])
    ours, theirs = win_tie_loss(votes), win_tie_loss(-votes)
    assert (ours.wins, ours.ties, ours.losses) == (theirs.losses, theirs.ties, theirs.wins)
    assert ours.net_win_rate == -(theirs.net_win_rate or 0)
    assert ours.sign_test_p == theirs.sign_test_p


def test_only_ties_have_no_p_value() -> None:
    outcome = win_tie_loss(np.zeros((3, 4)))
    assert (outcome.ties, outcome.net_win_rate, outcome.win_rate, outcome.sign_test_p) == (4, 0.0, 0.5, None)


@pytest.mark.parametrize("votes", [np.full((3, 2), nan), np.empty((0, 2))])
def test_without_a_judged_case_everything_is_undefined(votes: np.ndarray) -> None:
    outcome = win_tie_loss(votes)
    assert (outcome.n, outcome.unjudged) == (0, 2)
    assert (outcome.net_win_rate, outcome.win_rate, outcome.sign_test_p) == (None, None, None)
