"""LLM judges of two methods' predictions: prompts, and from readings to one verdict a case.

pairwise   both sets in one prompt, once in each order
pointwise  each set scored alone; the sign of the difference
cases      a judge run's readings as one verdict, or a reason for none, per case
"""

from proutt_core.judge.cases import judge_case, judged_cases
from proutt_core.judge.pairwise import combine
from proutt_core.judge.pointwise import verdict_of_scores

__all__ = [
    "combine",
    "judge_case",
    "judged_cases",
    "verdict_of_scores",
]
