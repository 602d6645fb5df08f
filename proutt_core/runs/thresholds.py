"""What other thresholds would make of a run: which pairs change branch, what that costs, what stands at the lines.

Misplaced thresholds are the method's first failure mode: they decide for every pair what is chosen and what rejected.
Everything here follows from the similarities that the run has already; no model is asked.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from proutt_core.display.numbers import share
from proutt_core.runs.bill import Bill
from proutt_core.synthesis.synthesise import branch_of
from proutt_core.types import BRANCHES, Branch, Thresholds

Line = Literal["tau_high", "tau_low"]
Worry = Literal["nearly_all", "hardly_any", "no_room"]

BINS = 20
NEARLY_ALL = 0.8  # of the pairs in one branch
HARDLY_ANY = 0.02
PILED_UP = 0.25  # of the pairs within NEAR of a line
NEAR = 0.025


@dataclass(frozen=True)
class Similarity:
    """One finished item's top similarity."""

    item_id: int
    top: float


@dataclass(frozen=True)
class Bar:
    """Items with `low` <= top similarity < `high` (the last bar: <=), by the branch that thresholds give them."""

    low: float
    high: float
    counts: dict[Branch, int]


@dataclass(frozen=True)
class NewCalls:
    """Calls that the call log cannot answer, by stage, if a run with the same other settings is made."""

    wrong_path: int = 0
    revise: int = 0

    @property
    def total(self) -> int:
        return self.wrong_path + self.revise


def views_at_top(scores: Mapping[str, float]) -> int:
    """In how many views a prediction has the top score; `scores` by prediction id, whose first letter is the view's."""
    top = max(scores.values())
    return len({prediction_id[0] for prediction_id, score in scores.items() if score == top})


def branch_counts(similarities: Iterable[Similarity], thresholds: Thresholds) -> dict[Branch, int]:
    """Always with all three branches."""
    counts = Counter(branch_of(one.top, thresholds) for one in similarities)
    return {branch: counts[branch] for branch in BRANCHES}


def histogram(similarities: Sequence[Similarity], thresholds: Thresholds, *, bins: int = BINS) -> list[Bar]:
    """Of the top similarity over [0, 1], in bars of equal width."""
    counts: list[Counter[Branch]] = [Counter() for _ in range(bins)]
    for similarity in similarities:
        counts[min(int(similarity.top * bins), bins - 1)][branch_of(similarity.top, thresholds)] += 1
    return [
        Bar(low=n / bins, high=(n + 1) / bins, counts={branch: counted[branch] for branch in BRANCHES})
        for n, counted in enumerate(counts)
    ]


def moved(similarities: Iterable[Similarity], before: Thresholds, after: Thresholds) -> Counter[tuple[Branch, Branch]]:
    """How many items go from which branch to which other one."""
    changes = Counter((branch_of(one.top, before), branch_of(one.top, after)) for one in similarities)
    return Counter({change: n for change, n in changes.items() if change[0] != change[1]})


def new_calls(
    similarities: Iterable[Similarity],
    before: Thresholds,
    after: Thresholds,
    *,
    views: Mapping[int, int],
    without: Collection[str] = (),
) -> NewCalls:
    """What a change would ask of the model. The high branch has the wrong paths and the rejected's revision, the low
    one the chosen's, the middle one both; what an item has stays in the call log.

    `views`: item → in how many views a prediction has its top similarity, of all that leave the low branch: as many are
    perturbed in rejected. `without` is the run's ablation.
    """
    wrong = revise = 0
    if "revision" in without:
        return NewCalls()
    for similarity in similarities:
        was, becomes = branch_of(similarity.top, before), branch_of(similarity.top, after)
        if was == "high" and becomes != "high":
            revise += 1
        if was == "low" and becomes != "low":
            wrong += views[similarity.item_id]
            revise += views[similarity.item_id]
    return NewCalls(wrong_path=wrong, revise=revise)


def expected_money(calls: NewCalls, bill: Bill) -> float | None:
    """At what a call of each stage cost in the run so far; None where that is not known."""
    by_stage = {stage.stage: stage for stage in bill.stages}
    money = 0.0
    for name, n in (("wrong_path", calls.wrong_path), ("revise", calls.revise)):
        stage = by_stage.get(name)
        if n and (stage is None or not stage.calls or stage.money is None):
            return None
        if n and stage is not None and stage.money is not None:
            money += n * stage.money / stage.calls
    return money


def beside(similarities: Iterable[Similarity], tau: float, *, n: int = 3) -> tuple[list[Similarity], list[Similarity]]:
    """The `n` items nearest below the line and the `n` nearest on or above it, nearest first."""
    ordered = sorted(similarities, key=lambda one: (one.top, one.item_id))
    below = [one for one in ordered if one.top < tau]
    above = [one for one in ordered if one.top >= tau]
    return below[::-1][:n], above[:n]


def worries(similarities: Sequence[Similarity], thresholds: Thresholds) -> list[tuple[Worry, str]]:
    """What looks wrong, each with the branch or the line that it is about; nothing of fewer than ten items."""
    if len(similarities) < 10:
        return []
    concerns: list[tuple[Worry, str]] = []
    for branch, count in branch_counts(similarities, thresholds).items():
        of_all = share(count, len(similarities)) or 0.0
        if of_all >= NEARLY_ALL:
            concerns.append(("nearly_all", branch))
        elif of_all < HARDLY_ANY:
            concerns.append(("hardly_any", branch))
    lines: dict[Line, float] = {"tau_high": thresholds.tau_high, "tau_low": thresholds.tau_low}
    for line, tau in lines.items():
        near = sum(abs(one.top - tau) <= NEAR for one in similarities)
        if (share(near, len(similarities)) or 0.0) >= PILED_UP:
            concerns.append(("no_room", line))
    return concerns
