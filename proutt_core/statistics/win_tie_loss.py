"""Win-tie-loss of method a against method b: one verdict per case, exact sign test over cases."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from proutt_core.statistics.labels import CODES, Ratings
from proutt_core.statistics.majority import strict_majority


@dataclass(frozen=True, slots=True)
class WinTieLoss:
    """Counts of cases, seen from method a. Rates are over all judged cases; None where there is no such case.

    `net_win_rate` = (wins - losses) / n, from -1 to 1. `win_rate` = (wins + ties / 2) / n, a tie as half a win, from 0
    to 1. `sign_test_p` is two-sided and exact, on the decisive cases; ties carry no sign and are reported beside it.
    """

    wins: int
    ties: int
    losses: int
    ties_without_majority: int  # of `ties`: cases whose people have no strict majority
    unjudged: int  # cases without any verdict; in no other count
    net_win_rate: float | None
    win_rate: float | None
    sign_test_p: float | None

    @property
    def n(self) -> int:
        """Judged cases."""
        return self.wins + self.ties + self.losses


def win_tie_loss(ratings: Ratings) -> WinTieLoss:
    """`ratings` (people, cases), coded by method: a +1, tie 0, b -1, nan where a person did not judge the case.

    A case's verdict is the strict majority of its people; where they have none, it is a tie. Votes are never pooled:
    three votes on a case are one observation. A case that nobody judged counts nowhere but in `unjudged`.
    """
    majority = strict_majority(ratings)
    judged = ~np.isnan(ratings).all(axis=0)
    without_majority = judged & np.isnan(majority)
    wins = int((majority == CODES["a"]).sum())
    losses = int((majority == CODES["b"]).sum())
    ties = int((majority == CODES["tie"]).sum() + without_majority.sum())
    n = wins + ties + losses
    return WinTieLoss(
        wins=wins,
        ties=ties,
        losses=losses,
        ties_without_majority=int(without_majority.sum()),
        unjudged=int((~judged).sum()),
        net_win_rate=(wins - losses) / n if n else None,
        win_rate=(wins + ties / 2) / n if n else None,
        sign_test_p=sign_test(wins, losses),
    )


def sign_test(wins: int, losses: int) -> float | None:
    """Exact two-sided p value of the sign test, wins ~ Binomial(wins + losses, 1/2); None without a decisive case."""
    if wins + losses == 0:
        return None
    return float(binomtest(wins, wins + losses).pvalue)
