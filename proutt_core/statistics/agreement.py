"""The agreement report: how far humans agree with each other, and each judge with their strict majority."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np

from proutt_core.statistics.coefficients import (
    FLEISS_VARIANT,
    cohen_kappa,
    fleiss_kappa,
    krippendorff_alpha,
    overlap,
    raw_all_equal,
    raw_pairs,
)
from proutt_core.statistics.labels import CODING, Label, Ratings, raters_of, ratings
from proutt_core.statistics.majority import CONFUSION_ORDER, Ceiling, JudgeAgreement, human_ceiling, judge_agreement


@dataclass(frozen=True, slots=True)
class PairKappa:
    """Cohen's kappa of the raters `a` and `b` (names, not methods) on the `n` items that both rated."""

    a: str
    b: str
    kappa: float | None
    n: int


@dataclass(frozen=True, slots=True)
class HumanAgreement:
    """Agreement between humans; None where undefined (`coefficients`)."""

    n_overlapping: int  # items that two or more humans rated: what the coefficients are about
    raw_pairs: float | None
    raw_all_equal: float | None
    alpha_nominal: float | None
    alpha_ordinal: float | None
    alpha_interval: float | None
    fleiss_kappa: float | None
    cohen_kappa: tuple[PairKappa, ...]
    ceiling: tuple[Ceiling, ...]


@dataclass(frozen=True, slots=True)
class AgreementReport:
    """`n_raters` counts the humans; the judges are the keys of `judges`. `n_items` have a label of anybody."""

    n_items: int
    n_raters: int
    human: HumanAgreement
    judges: dict[str, JudgeAgreement]

    def as_json(self) -> dict[str, Any]:
        """What `agreement --json` prints: plain values, None (null) where undefined, and the conventions by name."""
        report = {
            "n_items": self.n_items,
            "n_raters": self.n_raters,
            "n_judges": len(self.judges),
            "coding": CODING,
            "fleiss_variant": FLEISS_VARIANT,
            "majority": "strict: more than half of the item's humans; items without one are excluded and counted",
            "confusion_order": list(CONFUSION_ORDER),
            "confusion_axes": {"rows": "majority", "columns": "judge"},
            "human": asdict(self.human),
            "judges": {name: asdict(judge) for name, judge in self.judges.items()},
        }
        plain: dict[str, Any] = json.loads(json.dumps(report, allow_nan=False))  # tuples become lists
        return plain


def agreement_report(labels: Sequence[Label]) -> AgreementReport:
    """The report over `labels`, in any order; raters and items are sorted by name.

    Humans rate against each other, each judge against the humans' strict majority. Items that a rater did not label are
    missing for that rater, never a tie. ValueError where one rater gives one item two verdicts or is human and judge.
    """
    items = sorted({label.item for label in labels})
    names, judge_names = raters_of(labels, "human"), raters_of(labels, "judge")
    if both := sorted(set(names) & set(judge_names)):
        raise ValueError(f"raters that are human and judge: {', '.join(both)}")
    humans = ratings(labels, raters=names, items=items)
    judges = ratings(labels, raters=judge_names, items=items)
    return AgreementReport(
        n_items=len(items),
        n_raters=len(names),
        human=_human_agreement(humans, names),
        judges={
            name: judge_agreement(judge, humans, human_names=names)
            for name, judge in zip(judge_names, judges, strict=True)
        },
    )


def _human_agreement(humans: Ratings, names: tuple[str, ...]) -> HumanAgreement:
    return HumanAgreement(
        n_overlapping=int(((~np.isnan(humans)).sum(axis=0) >= 2).sum()),
        raw_pairs=raw_pairs(humans),
        raw_all_equal=raw_all_equal(humans),
        alpha_nominal=krippendorff_alpha(humans, "nominal"),
        alpha_ordinal=krippendorff_alpha(humans, "ordinal"),
        alpha_interval=krippendorff_alpha(humans, "interval"),
        fleiss_kappa=fleiss_kappa(humans),
        cohen_kappa=tuple(
            PairKappa(
                a=names[i],
                b=names[j],
                kappa=cohen_kappa(humans[i], humans[j]),
                n=int(overlap(humans[i], humans[j]).sum()),
            )
            for i, j in combinations(range(len(names)), 2)
        ),
        ceiling=human_ceiling(humans, human_names=names),
    )
