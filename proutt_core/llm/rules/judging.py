"""How `rules` judges predictions: the best bigram overlap with what the user said next, if known, else said last."""

from collections.abc import Sequence
from typing import Any

from proutt_core.text import dice
from proutt_core.types import Message

# Below this difference the two sides are called equally good; overlaps are coarse.
_EQUAL = 1e-9


def judge_pairwise(values: dict[str, Any]) -> dict[str, Any]:
    target = _target(values["context"], values["next_utterance"])
    first, second = best_overlap(values["first"], target), best_overlap(values["second"], target)
    verdict = "tie" if abs(first - second) <= _EQUAL else ("first" if first > second else "second")
    return {"reason": f"Best bigram overlap: first {first:.3f}, second {second:.3f}.", "verdict": verdict}


def judge_pointwise(values: dict[str, Any]) -> dict[str, Any]:
    score = best_overlap(values["predictions"], _target(values["context"], values["next_utterance"]))
    return {"reason": f"Best bigram overlap: {score:.3f}.", "score": score}


def best_overlap(predictions: Sequence[str], target: str) -> float:
    return max((dice(prediction, target) for prediction in predictions), default=0.0)


def _target(context: Sequence[Message], next_utterance: str | None) -> str:
    if next_utterance is not None:
        return next_utterance
    return next((m.content for m in reversed(context) if m.role == "user"), "")
