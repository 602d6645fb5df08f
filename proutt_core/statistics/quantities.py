"""An agreement report as rows to read: name, value or why there is none, and how many items it is about."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from proutt_core.statistics.agreement import AgreementReport
from proutt_core.statistics.majority import JudgeAgreement

WhyUndefined = Literal["", "nothing_overlaps", "nothing_varies"]
Name = Literal[
    "raw_pairs",
    "raw_all_equal",
    "alpha_nominal",
    "alpha_ordinal",
    "alpha_interval",
    "fleiss_kappa",
    "cohen_kappa",
    "cohen_kappa_of",
    "raw",
    "raw_decisive",
    "cohen_kappa_decisive",
    "raw_ceiling",
    "cohen_kappa_ceiling",
]
# English, for the command line; `{}` stands for the raters. Screens translate by name.
WORDS: dict[Name, str] = {
    "raw_pairs": "raw, pairs of people",
    "raw_all_equal": "raw, all people equal",
    "alpha_nominal": "Krippendorff's alpha, nominal",
    "alpha_ordinal": "Krippendorff's alpha, ordinal",
    "alpha_interval": "Krippendorff's alpha, interval",
    "fleiss_kappa": "Fleiss' kappa",
    "cohen_kappa": "Cohen's kappa",
    "cohen_kappa_of": "Cohen's kappa, {} and {}",
    "raw": "raw",
    "raw_decisive": "raw, without ties",
    "cohen_kappa_decisive": "Cohen's kappa, without ties",
    "raw_ceiling": "raw, {} and the others' majority",
    "cohen_kappa_ceiling": "Cohen's kappa, {} and the others' majority",
}


@dataclass(frozen=True, slots=True)
class Quantity:
    """`value` None: undefined, and `why` says why. `share`: read it as a percentage; else a coefficient up to 1."""

    name: Name
    value: float | None
    n: int
    share: bool = False
    of: tuple[str, ...] = ()  # raters

    @property
    def words(self) -> str:
        return WORDS[self.name].format(*self.of)

    @property
    def why(self) -> WhyUndefined:
        if self.value is not None:
            return ""
        return "nothing_varies" if self.n else "nothing_overlaps"

    @property
    def shown(self) -> str:
        """No more digits than it deserves."""
        if self.value is None:
            return "undefined"
        return f"{100 * self.value:.1f} %" if self.share else f"{self.value:.3f}"


def p_value(p: float) -> str:
    """Three decimals, and never a p of zero."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def human_quantities(report: AgreementReport) -> list[Quantity]:
    human, n = report.human, report.human.n_overlapping
    return [
        Quantity("raw_pairs", human.raw_pairs, n, share=True),
        Quantity("raw_all_equal", human.raw_all_equal, n, share=True),
        Quantity("alpha_nominal", human.alpha_nominal, n),
        Quantity("alpha_ordinal", human.alpha_ordinal, n),
        Quantity("alpha_interval", human.alpha_interval, n),
        Quantity("fleiss_kappa", human.fleiss_kappa, n),
        *(Quantity("cohen_kappa_of", pair.kappa, pair.n, of=(pair.a, pair.b)) for pair in human.cohen_kappa),
    ]


def judge_quantities(judge: JudgeAgreement) -> list[Quantity]:
    return [
        Quantity("raw", judge.raw, judge.n, share=True),
        Quantity("cohen_kappa", judge.cohen_kappa, judge.n),
        Quantity("alpha_nominal", judge.alpha_nominal, judge.n),
        Quantity("alpha_ordinal", judge.alpha_ordinal, judge.n),
        Quantity("raw_decisive", judge.decisive.raw, judge.decisive.n, share=True),
        Quantity("cohen_kappa_decisive", judge.decisive.cohen_kappa, judge.decisive.n),
    ]


def ceiling_quantities(report: AgreementReport) -> Iterable[Quantity]:
    """Each person against the strict majority of the other people."""
    for ceiling in report.human.ceiling:
        yield Quantity("raw_ceiling", ceiling.raw, ceiling.n, share=True, of=(ceiling.rater,))
        yield Quantity("cohen_kappa_ceiling", ceiling.cohen_kappa, ceiling.n, of=(ceiling.rater,))
