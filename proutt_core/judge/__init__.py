"""LLM judges of two methods' predictions: prompts, and from readings to one verdict a case.

pairwise   both sets in one prompt, once in each order
pointwise  each set scored alone; the sign of the difference
cases      a judge run's readings as one verdict, or a reason for none, per case
"""

from proutt_core.judge.cases import JudgedCase, judge_case, judged_cases
from proutt_core.judge.pairwise import PairwiseReply, combine, judge_pairwise
from proutt_core.judge.pointwise import PointwiseReply, judge_pointwise, verdict_of_scores

__all__ = [
    "JudgedCase",
    "PairwiseReply",
    "PointwiseReply",
    "combine",
    "judge_case",
    "judge_pairwise",
    "judge_pointwise",
    "judged_cases",
    "verdict_of_scores",
]
