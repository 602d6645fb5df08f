"""Which pairs go out, and in which wording."""

from typing import Literal

from proutt_core.traces import render_prompt, render_trace
from proutt_core.types import PairReviewValue, PairStatus, ReviewedPair, VerbatimPair

Standing = Literal["approved", "rejected", "disputed", "unreviewed"]


def standing(reviews: tuple[PairReviewValue, ...]) -> Standing:
    """What people decided: an adjudicator's last word, else what everybody said, else disputed."""
    decisive = tuple(r for r in reviews if r.adjudicated)[-1:] or reviews
    answers = {r.answer for r in decisive}
    if not answers:
        return "unreviewed"
    if len(answers) > 1:
        return "disputed"
    return "approved" if answers == {"approve"} else "rejected"


def goes_out(pair: ReviewedPair, status: PairStatus) -> bool:
    """Only train-split pairs; a gate-failed or imported pair only when approved; `all` is approved or clean."""
    if pair.split != "train":
        return False
    verdict = standing(pair.reviews)
    approved = verdict == "approved"
    clean = not pair.gates_failed and not pair.imported and verdict in ("approved", "unreviewed")
    return {"approved": approved, "clean": clean, "all": approved or clean}[status]


def final_review(pair: ReviewedPair) -> PairReviewValue | None:
    """The review whose wording goes out: the newest approved edit, else the newest approval; an adjudicator's before
    anybody else's. Whoever approves without editing has seen the pair as it was synthesised, not another's edit."""
    approvals = [r for r in pair.reviews if r.answer == "approve"]
    decisive = [r for r in approvals if r.adjudicated] or approvals
    edits = [r for r in decisive if r.chosen is not None or r.rejected is not None]
    return (edits or decisive)[-1] if decisive else None


def final_text(pair: ReviewedPair) -> VerbatimPair:
    """Prompt, chosen and rejected as training text; the newest approved edit replaces what was synthesised."""
    if pair.verbatim is not None:
        return pair.verbatim
    review = final_review(pair)
    chosen = (review and review.chosen) or pair.chosen
    rejected = (review and review.rejected) or pair.rejected
    if chosen is None or rejected is None:
        raise ValueError(f"pair {pair.pair_id} has neither traces nor verbatim text")
    return VerbatimPair(
        prompt=render_prompt(pair.context), chosen=render_trace(chosen), rejected=render_trace(rejected)
    )
