"""The gates of a pair that came in a file: those that need neither the next utterance nor similarity scores.

`best_prediction_kept` and `leaked_utterance` are not applicable: the file does not say what the user really said next.
Nor is `unknown_path` where the traces have no paths, as in released files, or no tree.
"""

from proutt_core.errors import InputError
from proutt_core.synthesis.gates import (
    PairEvidence,
    not_applicable,
    other_script,
    repeated_prediction,
    same_traces,
    unknown_path,
)
from proutt_core.text import normalise
from proutt_core.traces.as_text import parse_predictions
from proutt_core.types import GateFailure, Message, Trace, VerbatimPair

JUDGED = {
    "same_traces": same_traces,
    "repeated_prediction": repeated_prediction,
    "unknown_path": unknown_path,
    "other_script": other_script,
}


def gates_of_imported(
    text: VerbatimPair, *, chosen: Trace | None, rejected: Trace | None, context: tuple[Message, ...]
) -> tuple[GateFailure, ...]:
    """Every gate the pair fails of those that can be judged; of a pair kept as text only those that its texts show.

    `context` is the dialogue as far as the prompt could be read; where it is empty, the script cannot be judged.
    """
    if chosen is None:
        details = {"same_traces": _same_texts(text), "repeated_prediction": _repeated_prediction(text)}
    else:
        evidence = PairEvidence(
            chosen=chosen,
            rejected=rejected,
            branch="low",
            context=context,
            next_utterance="",
            best_predictions=(),
        )
        details = {name: gate(evidence) for name, gate in JUDGED.items() if name not in _gates_to_skip(evidence)}
    return tuple(GateFailure(gate=name, detail=detail) for name, detail in details.items() if detail is not None)


def _gates_to_skip(evidence: PairEvidence) -> frozenset[str]:
    skipped = set(not_applicable(evidence.chosen.left_out))
    if evidence.rejected is None:  # there is nothing that chosen could be the same as
        skipped.add("same_traces")
    if not all(trace.has_paths for _, trace in evidence.sides):
        skipped.add("unknown_path")
    return frozenset(skipped)


def _same_texts(text: VerbatimPair) -> str | None:
    same = text.rejected and normalise(text.chosen) == normalise(text.rejected)
    return "chosen and rejected are the same" if same else None


def _repeated_prediction(text: VerbatimPair) -> str | None:
    for side, answer in (("chosen", text.chosen), ("rejected", text.rejected)):
        try:
            predictions = [normalise(said) for said in parse_predictions(answer)]
        except InputError:
            continue  # not four predictions: nothing to compare
        twice = next((said for said in predictions if predictions.count(said) > 1), None)
        if twice is not None:
            return f"{side} predicts twice: {twice}"
    return None
