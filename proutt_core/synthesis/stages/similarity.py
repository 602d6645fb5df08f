"""Stage: how near is each prediction to what the user really said? Returns a score and a reason for each, by id."""

import functools
from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import Field, ValidationInfo, create_model, model_validator

from proutt_core.llm import Model, Prompt, ReplyType, ask
from proutt_core.llm.schema import OneOf, condition
from proutt_core.synthesis.stages._options import StageOptions
from proutt_core.synthesis.stages._preamble import stage_prompt
from proutt_core.synthesis.stages._replies import ReasonText, Reply
from proutt_core.types import PREDICTION_IDS, Message, Prediction, SimilarityScore

STAGE = "similarity"
VERSION = 2

TASK = """\
The user's next utterance was:
{next_utterance}

Predictions of it:
{predictions}

How near is the intent of each prediction to that of the utterance? 1: the same; 0.8: the same but for details; \
0.5: the same topic, another wish; 0: unrelated. Judge the intent, not the wording, each by itself. One short \
reason each, and one entry for each prediction. Answer: {form}"""

FORM = '{"scores":[{"id":"…","reason":"…","score":0.0}]}'


class ScoreReply(Reply):
    id: Annotated[str, OneOf("ids")]
    reason: ReasonText
    score: Annotated[float, Field(ge=0.0, le=1.0)]


class SimilarityReply(Reply):
    """The condition `ids` says which predictions were shown."""

    scores: Sequence[ScoreReply]

    @model_validator(mode="after")
    def _each_once(self, info: ValidationInfo) -> Self:
        missing = sorted(set(condition(info, "ids")) - {s.id for s in self.scores})
        if missing:
            raise ValueError(f"each prediction needs exactly one score; missing: {', '.join(missing)}")
        return self


def reply_type(ids: tuple[str, ...]) -> ReplyType[SimilarityReply]:
    return ReplyType(_shape(len(ids)), {"ids": ids})


@functools.cache
def _shape(count: int) -> type[SimilarityReply]:
    scores = Annotated[list[ScoreReply], Field(min_length=count, max_length=count)]
    return create_model("SimilarityReply", __base__=SimilarityReply, scores=(scores, ...))


def prompt(
    *,
    context: Sequence[Message],
    next_utterance: str,
    predictions: Sequence[Prediction],
    options: StageOptions,
) -> Prompt:
    listing = "\n".join(f"{p.id}: {p.text}" for p in predictions)
    return stage_prompt(
        stage=STAGE,
        version=VERSION,
        task=TASK.format(next_utterance=next_utterance, predictions=listing, form=FORM),
        values={"context": tuple(context), "next_utterance": next_utterance, "predictions": tuple(predictions)},
        context=context,
        options=options,
        names_language=False,
    )


async def score_similarity(
    model: Model,
    *,
    context: Sequence[Message],
    next_utterance: str,
    predictions: Sequence[Prediction],
    options: StageOptions,
) -> tuple[SimilarityScore, ...]:
    """Scores in the order of PREDICTION_IDS, whatever order the predictions are shown and answered in."""
    question = prompt(context=context, next_utterance=next_utterance, predictions=predictions, options=options)
    ids = tuple(sorted((p.id for p in predictions), key=PREDICTION_IDS.index))
    reply = await ask(model, question, reply_type(ids))
    by_id = {s.id: s for s in reply.scores}
    return tuple(SimilarityScore(id=id_, score=by_id[id_].score, reason=by_id[id_].reason) for id_ in ids)
