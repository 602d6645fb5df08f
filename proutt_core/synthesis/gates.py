"""The checks a pair must pass before it counts as clean. A pair that fails one is kept, with the gates it failed.

Each gate is a function from what is known about the pair to a detail, or None where it passes; its name in `GATES` is
stable: it is stored, exported and shown. A gate about a part that an ablation left out is not applicable: it does not
run, and `not_applicable` names it.
"""

from collections.abc import Callable
from itertools import combinations

from proutt_core.text import is_long, normalise, script_of
from proutt_core.traces.as_text import render_trace
from proutt_core.types import Branch, GateFailure, Insight, Message, Part, SimilarityScore, Trace, Value


class PairEvidence(Value):
    """What the gates look at."""

    chosen: Trace
    rejected: Trace | None  # None where revision was left out
    branch: Branch
    context: tuple[Message, ...] = ()
    next_utterance: str
    best_predictions: tuple[str, ...]  # texts of the insight's predictions whose score equals the top similarity
    without: frozenset[Part] = frozenset()

    @property
    def sides(self) -> tuple[tuple[str, Trace], ...]:
        chosen = ("chosen", self.chosen)
        return (chosen,) if self.rejected is None else (chosen, ("rejected", self.rejected))


def check_gates(evidence: PairEvidence) -> tuple[GateFailure, ...]:
    """Every gate the pair fails, in the order of GATES; empty for a clean pair."""
    skipped = not_applicable(evidence.without)
    details = ((name, gate(evidence)) for name, gate in GATES.items() if name not in skipped)
    return tuple(GateFailure(gate=name, detail=detail) for name, detail in details if detail is not None)


def not_applicable(without: frozenset[Part]) -> tuple[str, ...]:
    """The gates that cannot be judged where these parts were left out."""
    return tuple(name for name, needed in NEEDS.items() if needed in without)


def best_predictions(insight: Insight, scores: tuple[SimilarityScore, ...]) -> tuple[str, ...]:
    """Texts of the predictions that hold the top score (several may)."""
    top = max(s.score for s in scores)
    best = {s.id for s in scores if s.score == top}
    return tuple(p.text for p in insight.predictions if p.id in best)


def same_traces(evidence: PairEvidence) -> str | None:
    if evidence.rejected is None:
        return None
    same = normalise(render_trace(evidence.chosen)) == normalise(render_trace(evidence.rejected))
    return "chosen and rejected are the same" if same else None


def best_prediction_kept(evidence: PairEvidence) -> str | None:
    """In the high and middle branch, rejected must not hold what the user said, or nearly said."""
    if evidence.branch == "low" or evidence.rejected is None:
        return None
    best = {normalise(text) for text in (*evidence.best_predictions, evidence.next_utterance)}
    matches = [p.text for p in evidence.rejected.predictions if normalise(p.text) in best]
    return f"rejected still holds the best prediction: {matches[0]}" if matches else None


def leaked_utterance(evidence: PairEvidence) -> str | None:
    """A chosen reasoning that quotes the next utterance teaches a model to know the future."""
    # An utterance that is quoted in mid-sentence loses its last full stop, not its words.
    utterance = normalise(evidence.next_utterance).strip(" .!?。！？…~\"'“”")
    if not is_long(utterance):
        return None
    chosen = evidence.chosen
    texts = {"category": chosen.category_reasoning or ""} | {view.view: view.reasoning for view in chosen.views}
    places = [f"{name} reasoning" for name, text in texts.items() if utterance in normalise(text)]
    # Paths stand among the thoughts too, and the stage that finds the true ones has seen the utterance.
    paths = [p.path for p in chosen.predictions if p.path is not None]
    labels = [label for path in paths for label in (path.source, path.node, path.leaf)]
    places += ["paths"] if any(utterance in normalise(label) for label in labels) else []
    return f"the {' and '.join(places)} of chosen hold the next utterance" if places else None


def repeated_prediction(evidence: PairEvidence) -> str | None:
    for side, trace in evidence.sides:
        for first, second in combinations(trace.predictions, 2):
            if normalise(first.text) == normalise(second.text):
                return f"{side} predicts twice: {first.text}"
    return None


def unknown_path(evidence: PairEvidence) -> str | None:
    """Sources are topics of the trace's own tree; what an exploration path leads to is not."""
    for side, trace in evidence.sides:
        topics = {normalise(name) for name in (trace.tree.topic_names if trace.tree else ())}
        paths = [prediction.path for prediction in trace.predictions if prediction.path is not None]
        for path in paths:
            if normalise(path.source) not in topics:
                return f"{side}: '{path.source}' is no topic of the tree"
        for path in paths:
            if path.view == "exploration" and normalise(path.node) in topics:
                return f"{side}: exploration leads to '{path.node}', which is a topic of the tree"
    return None


def other_script(evidence: PairEvidence) -> str | None:
    """The user writes in Han characters (or kana) and a prediction has none, or the reverse: another language.

    Judged by `script_of` only, so that mixed dialogues and short predictions pass; languages of one script do, too.
    """
    user = script_of("\n".join(m.content for m in evidence.context if m.role == "user"))
    if user is None:
        return None
    for side, trace in evidence.sides:
        for prediction in trace.predictions:
            if script_of(prediction.text) not in (user, None):
                return f"{side} predicts in another script than the user writes: {prediction.text}"
    return None


GATES: dict[str, Callable[[PairEvidence], str | None]] = {
    "same_traces": same_traces,
    "best_prediction_kept": best_prediction_kept,
    "leaked_utterance": leaked_utterance,
    "repeated_prediction": repeated_prediction,
    "unknown_path": unknown_path,
    "other_script": other_script,
}

# The part of the method without which a gate cannot be judged.
NEEDS: dict[str, Part] = {"same_traces": "revision", "best_prediction_kept": "revision", "unknown_path": "tree"}
