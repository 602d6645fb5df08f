"""One reading of one case by a judge, and a judge run's readings as one verdict per case."""

from collections.abc import Iterable, Sequence
from typing import Literal

from proutt_core.judge import pairwise, pointwise
from proutt_core.llm import Model
from proutt_core.types import CaseEvidence, JudgeReading, Value, Verdict

Reading = Literal["ab", "ba", "single"]
Mode = Literal["pairwise", "pointwise"]

READINGS: dict[Mode, tuple[Reading, ...]] = {"pairwise": ("ab", "ba"), "pointwise": ("single",)}
PROMPT_VERSIONS: dict[Mode, int] = {"pairwise": pairwise.VERSION, "pointwise": pointwise.VERSION}


class ReadingResult(Value):
    """What a judge said in one reading; the scores are set in pointwise mode only."""

    verdict: Verdict
    reasoning: str
    score_a: float | None = None
    score_b: float | None = None


class JudgedCase(Value):
    """A judge run's verdict on one case. `verdict` None: unscored, never a tie, and `reason` says why."""

    case: int  # position in the study
    judge: str
    verdict: Verdict | None
    reason: str = ""


async def judge_case(model: Model, case: CaseEvidence, *, reading: Reading, tie_margin: float = 0.0) -> ReadingResult:
    """One reading of one case. Raises ModelError where a reply could not be had or read: the reading is unscored."""
    if reading != "single":
        verdict, reason = await pairwise.judge_pairwise(model, case, order=reading)
        return ReadingResult(verdict=verdict, reasoning=reason)
    a, b = [
        await pointwise.judge_pointwise(
            model, context=case.context, next_utterance=case.next_utterance, predictions=predictions
        )
        for predictions in (case.a, case.b)
    ]
    return ReadingResult(
        verdict=pointwise.verdict_of_scores(a.score, b.score, tie_margin=tie_margin),
        reasoning=f"a: {a.reason}\nb: {b.reason}",
        score_a=a.score,
        score_b=b.score,
    )


def judged_cases(readings: Iterable[JudgeReading]) -> list[JudgedCase]:
    """One verdict for each judge and case that has at least one finished reading, by judge and case."""
    grouped: dict[tuple[str, int], dict[str, JudgeReading]] = {}
    for reading in readings:
        grouped.setdefault((reading.judge, reading.case), {})[reading.reading] = reading
    return [_judged_case(judge, case, by_order) for (judge, case), by_order in sorted(grouped.items())]


def _judged_case(judge: str, case: int, by_order: dict[str, JudgeReading]) -> JudgedCase:
    single = by_order.get("single")
    if single is not None:
        return JudgedCase(case=case, judge=judge, verdict=single.verdict, reason=_why_unscored([single]))
    orders = [by_order[order] for order in READINGS["pairwise"] if order in by_order]
    if len(orders) < 2:
        return JudgedCase(case=case, judge=judge, verdict=None, reason="only one of the two orders has been read")
    ab, ba = orders
    verdict = pairwise.combine(ab.verdict, ba.verdict)
    return JudgedCase(case=case, judge=judge, verdict=verdict, reason=_why_unscored(orders))


def _why_unscored(readings: Sequence[JudgeReading]) -> str:
    return "; ".join(f"{r.reading}: {r.error or 'no verdict'}" for r in readings if r.verdict is None)
