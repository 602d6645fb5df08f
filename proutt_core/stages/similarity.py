"""Stage: how near is each prediction to what the user really said? Returns a score and a reason for each, by id."""

from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from proutt_core.llm import Model, Prompt, ask
from proutt_core.stages._preamble import stage_prompt
from proutt_core.stages._replies import ReasonText, Reply
from proutt_core.types import PREDICTION_IDS, Message, Prediction, SimilarityScore

STAGE = "similarity"
VERSION = 1

TASK = """\
The user's next utterance was:
{next_utterance}

Predictions of it:
{predictions}

How near is the intent of each prediction to that of the utterance? 1: the same; 0.8: the same but for details; \
0.5: the same topic, another wish; 0: unrelated. Judge the intent, not the wording, each by itself. One short \
reason each. Answer in SCORES."""


class ScoreReply(Reply):
    id: Literal["m1", "m2", "e1", "e2"]
    reason: ReasonText
    score: Annotated[float, Field(ge=0.0, le=1.0)]


class SimilarityReply(Reply):
    scores: Annotated[list[ScoreReply], Field(min_length=4, max_length=4)]

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        missing = sorted(set(PREDICTION_IDS) - {s.id for s in self.scores})
        if missing:
            raise ValueError(f"each prediction needs exactly one score; missing: {', '.join(missing)}")
        return self


def prompt(*, context: Sequence[Message], next_utterance: str, predictions: Sequence[Prediction]) -> Prompt:
    shown = "\n".join(f"{p.id}: {p.text}" for p in predictions)
    return stage_prompt(
        stage=STAGE,
        version=VERSION,
        task=TASK.format(next_utterance=next_utterance, predictions=shown),
        values={"context": tuple(context), "next_utterance": next_utterance, "predictions": tuple(predictions)},
        context=context,
    )


async def score_similarity(
    model: Model, *, context: Sequence[Message], next_utterance: str, predictions: Sequence[Prediction]
) -> tuple[SimilarityScore, ...]:
    """Scores in the order of PREDICTION_IDS, whatever order the predictions are shown and answered in."""
    asked = prompt(context=context, next_utterance=next_utterance, predictions=predictions)
    reply = await ask(model, asked, SimilarityReply)
    by_id = {s.id: s for s in reply.scores}
    return tuple(
        SimilarityScore(id=id_, score=by_id[id_].score, reason=by_id[id_].reason)  # type: ignore[index]
        for id_ in PREDICTION_IDS
    )
