"""The checks a pair must pass before it counts as clean. A pair that fails one is kept, with the gates it failed.

Each gate is a function from what is known about the pair to a detail, or None where it passes; its name in `GATES` is
stable: it is stored, exported and shown.
"""

from collections.abc import Callable
from itertools import combinations

from proutt_core.text import is_long, normalise
from proutt_core.traces import render_trace
from proutt_core.types import Branch, GateFailure, Insight, SimilarityScore, Trace, Value


class PairEvidence(Value):
    """What the gates look at."""

    chosen: Trace
    rejected: Trace
    branch: Branch
    next_utterance: str
    best_predictions: tuple[str, ...]  # texts of the insight's predictions whose score equals the top similarity


def check_gates(evidence: PairEvidence) -> tuple[GateFailure, ...]:
    """Every gate the pair fails, in the order of GATES; empty for a clean pair."""
    found = ((name, gate(evidence)) for name, gate in GATES.items())
    return tuple(GateFailure(gate=name, detail=detail) for name, detail in found if detail is not None)


def best_predictions(insight: Insight, scores: tuple[SimilarityScore, ...]) -> tuple[str, ...]:
    """Texts of the predictions that hold the top score (several may)."""
    top = max(s.score for s in scores)
    best = {s.id for s in scores if s.score == top}
    return tuple(p.text for p in insight.predictions if p.id in best)


def same_traces(evidence: PairEvidence) -> str | None:
    if normalise(render_trace(evidence.chosen)) == normalise(render_trace(evidence.rejected)):
        return "chosen and rejected are the same"
    return None


def best_prediction_kept(evidence: PairEvidence) -> str | None:
    """In the high and middle branch, what the user (nearly) said must not be called wrong."""
    if evidence.branch == "low":
        return None
    best = {normalise(text) for text in (*evidence.best_predictions, evidence.next_utterance)}
    kept = [p.text for p in evidence.rejected.predictions if normalise(p.text) in best]
    return f"rejected still holds the best prediction: {kept[0]}" if kept else None


def leaked_utterance(evidence: PairEvidence) -> str | None:
    """A chosen reasoning that quotes the next utterance teaches a model to know the future."""
    # Quoted in mid-sentence, an utterance loses its last full stop, not its words.
    wanted = normalise(evidence.next_utterance).strip(" .!?。！？…~\"'“”")
    if not is_long(wanted):
        return None
    chosen = evidence.chosen
    texts = {
        "category": chosen.category_reasoning,
        "mining": chosen.mining.reasoning,
        "exploration": chosen.exploration.reasoning,
    }
    where = [f"{name} reasoning" for name, text in texts.items() if wanted in normalise(text)]
    # Paths are written among the thoughts, and the stage that finds the true ones has seen the utterance.
    labels = [label for p in chosen.predictions for label in (p.path.source, p.path.node, p.path.leaf)]
    where += ["paths"] if any(wanted in normalise(label) for label in labels) else []
    return f"the {' and '.join(where)} of chosen hold the next utterance" if where else None


def repeated_prediction(evidence: PairEvidence) -> str | None:
    for side, trace in (("chosen", evidence.chosen), ("rejected", evidence.rejected)):
        for one, other in combinations(trace.predictions, 2):
            if normalise(one.text) == normalise(other.text):
                return f"{side} predicts twice: {one.text}"
    return None


def unknown_path(evidence: PairEvidence) -> str | None:
    """Sources are topics of the trace's own tree; what an exploration path leads to is not."""
    for side, trace in (("chosen", evidence.chosen), ("rejected", evidence.rejected)):
        topics = {normalise(name) for name in trace.tree.topic_names}
        for prediction in trace.predictions:
            if normalise(prediction.path.source) not in topics:
                return f"{side}: '{prediction.path.source}' is no topic of the tree"
        for prediction in trace.exploration.predictions:
            if normalise(prediction.path.node) in topics:
                return f"{side}: exploration leads to '{prediction.path.node}', which is a topic of the tree"
    return None


GATES: dict[str, Callable[[PairEvidence], str | None]] = {
    "same_traces": same_traces,
    "best_prediction_kept": best_prediction_kept,
    "leaked_utterance": leaked_utterance,
    "repeated_prediction": repeated_prediction,
    "unknown_path": unknown_path,
}
