"""From scores to what is revised: the branch of a sample, and the views that are led astray."""

from collections.abc import Iterable

from proutt_core.types import Branch, Insight, SimilarityScore, Thresholds, View


def branch_of(top_similarity: float, thresholds: Thresholds) -> Branch:
    """High from tau_high on, low below tau_low, middle between."""
    if top_similarity >= thresholds.tau_high:
        return "high"
    return "low" if top_similarity < thresholds.tau_low else "mid"


def views_to_perturb(insight: Insight, scores: Iterable[SimilarityScore]) -> tuple[View, ...]:
    """The views that hold a prediction with the top score: both where both do."""
    by_id = {s.id: s.score for s in scores}
    top = max(by_id.values())
    return tuple(view.view for view in insight.views if any(by_id[p.id] == top for p in view.predictions))
