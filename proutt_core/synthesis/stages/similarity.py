"""Stage: how near is each prediction to what the user really said? Returns a score and a reason for each, by id.

The reply has a field for each id: a list, as version 2 had it, may name one twice and another never, which small models
do. Runs that began with version 2 go on with it.
"""

import functools
from collections.abc import Sequence
from typing import Annotated, Any, Self

from pydantic import Field, ValidationInfo, create_model, model_validator

from proutt_core.llm import Model, Prompt, ReplyType, ask
from proutt_core.llm.schema import OneOf, condition
from proutt_core.synthesis.stages._options import StageOptions
from proutt_core.synthesis.stages._preamble import stage_prompt
from proutt_core.synthesis.stages._replies import ReasonText, Reply
from proutt_core.types import PREDICTION_IDS, Message, Prediction, SimilarityScore

STAGE = "similarity"
VERSION = 3
LISTED = 2

TASK = """\
The user's next utterance was:
{next_utterance}

Predictions of it:
{predictions}

How near is the intent of each prediction to that of the utterance? 1: the same; 0.8: the same but for details; \
0.5: the same topic, another wish; 0: unrelated. Judge the intent, not the wording, each by itself. One short \
reason each, and one entry for each prediction. Answer: {form}"""

SCORE_FORM = '{"reason":"…","score":0.0}'
LISTED_FORM = '{"scores":[{"id":"…","reason":"…","score":0.0}]}'

Score = Annotated[float, Field(ge=0.0, le=1.0)]


class ScoreReply(Reply):
    reason: ReasonText
    score: Score


class ListedScoreReply(Reply):
    id: Annotated[str, OneOf("ids")]
    reason: ReasonText
    score: Score


class ListedReply(Reply):
    """The condition `ids` says which predictions were shown."""

    scores: Sequence[ListedScoreReply]

    @model_validator(mode="after")
    def _each_once(self, info: ValidationInfo) -> Self:
        missing = sorted(set(condition(info, "ids")) - {s.id for s in self.scores})
        if missing:
            raise ValueError(f"each prediction needs exactly one score; missing: {', '.join(missing)}")
        return self


def reply_type(ids: tuple[str, ...]) -> ReplyType[Reply]:
    return ReplyType(_shape(ids))


@functools.cache
def _shape(ids: tuple[str, ...]) -> type[Reply]:
    """A field for each id."""
    fields: dict[str, Any] = dict.fromkeys(ids, (ScoreReply, ...))
    return create_model("SimilarityReply", __base__=Reply, **fields)


def listed_reply_type(ids: tuple[str, ...]) -> ReplyType[ListedReply]:
    return ReplyType(_listed_shape(len(ids)), {"ids": ids})


@functools.cache
def _listed_shape(count: int) -> type[ListedReply]:
    scores = Annotated[list[ListedScoreReply], Field(min_length=count, max_length=count)]
    return create_model("SimilarityReply", __base__=ListedReply, scores=(scores, ...))


def prompt(
    *,
    context: Sequence[Message],
    next_utterance: str,
    predictions: Sequence[Prediction],
    options: StageOptions,
) -> Prompt:
    version = options.version_of(STAGE, newest=VERSION)
    listing = "\n".join(f"{p.id}: {p.text}" for p in predictions)
    fields = ",".join(f'"{id_}":SCORE' for id_ in _ids(predictions))
    form = LISTED_FORM if version == LISTED else f"{{{fields}}} where SCORE is {SCORE_FORM}"
    return stage_prompt(
        stage=STAGE,
        version=version,
        task=TASK.format(next_utterance=next_utterance, predictions=listing, form=form),
        values={
            "context": tuple(context),
            "next_utterance": next_utterance,
            "predictions": tuple(predictions),
            "listed": version == LISTED,
        },
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
    ids = _ids(predictions)
    by_id: dict[str, ScoreReply | ListedScoreReply]
    if options.version_of(STAGE, newest=VERSION) == LISTED:
        by_id = {s.id: s for s in (await ask(model, question, listed_reply_type(ids))).scores}
    else:
        reply = await ask(model, question, reply_type(ids))
        by_id = {id_: getattr(reply, id_) for id_ in ids}
    return tuple(SimilarityScore(id=id_, score=by_id[id_].score, reason=by_id[id_].reason) for id_ in ids)


def _ids(predictions: Sequence[Prediction]) -> tuple[str, ...]:
    return tuple(sorted((p.id for p in predictions), key=PREDICTION_IDS.index))
