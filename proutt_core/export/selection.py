"""Which pairs go out, and in which wording."""

import re
from typing import Any, Literal, NamedTuple

import orjson

from proutt_core.dialogues.pairs.released import read_trace
from proutt_core.errors import InputError
from proutt_core.traces.as_text import render_prompt, render_stored, render_trace
from proutt_core.traces.editing import editable_texts
from proutt_core.types import (
    PREDICTION_IDS,
    VIEWS,
    Attribute,
    PairReviewValue,
    PairStatus,
    Path,
    Prediction,
    ReviewedPair,
    Topic,
    Trace,
    VerbatimPair,
    ViewReasoning,
)

Standing = Literal["approved", "rejected", "disputed", "unreviewed"]
# The names of a dumped trace, in its order.
_TRACE, _VIEW, _PREDICTION, _PATH, _TOPIC, _ATTRIBUTE = (
    tuple(kind.model_fields) for kind in (Trace, ViewReasoning, Prediction, Path, Topic, Attribute)
)
_PREDICT = re.compile(r"(?<=<predict>).*?(?=</predict>)", flags=re.DOTALL)


class Wording(NamedTuple):
    """What goes out of a pair: as text, and as traces ("chosen", "rejected") where it has them."""

    text: VerbatimPair
    traces: dict[str, Trace]


class PlainWording(NamedTuple):
    """The same with the traces as JSON values, as `Trace.model_dump(mode="json")` gives them."""

    text: VerbatimPair
    traces: dict[str, dict[str, Any]]


def standing(reviews: tuple[PairReviewValue, ...]) -> Standing:
    """What people decided: an adjudicator's last answer, else the answer on which all agree, else disputed."""
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
    return final_wording(pair).text


def final_wording(pair: ReviewedPair) -> Wording:
    """Prompt, chosen and rejected as they go out; the newest approved edit replaces what was synthesised or imported.

    An imported pair goes out as it stood, and an edit of it in its file's own form. `rejected` is empty where the pair
    has none.
    """
    review = final_review(pair)
    edits = {} if review is None else {"chosen": review.chosen, "rejected": review.rejected}
    before = {side: trace for side in ("chosen", "rejected") if (trace := getattr(pair, side)) is not None}
    after = before | {side: trace for side, trace in edits.items() if trace is not None}
    if pair.verbatim is not None:
        return Wording(_edited_text(pair.verbatim, before, after), after)
    if "chosen" not in after:
        raise ValueError(f"pair {pair.pair_id} has neither traces nor verbatim text")
    prompt = render_prompt(pair.context, without=frozenset(pair.without))
    answers = {side: render_trace(trace) for side, trace in after.items()}
    return Wording(VerbatimPair(prompt=prompt, **answers), after)


def plain_wording(pair: ReviewedPair, *, chosen: str, rejected: str | None) -> PlainWording:
    """Of a synthesised pair that nobody edited, from its traces as they are stored: many times as fast."""
    stored = {"chosen": chosen} if rejected is None else {"chosen": chosen, "rejected": rejected}
    traces = {side: _as_dumped(text) for side, text in stored.items()}
    answers = {side: render_stored(trace) for side, trace in traces.items()}
    prompt = render_prompt(pair.context, without=frozenset(pair.without))
    return PlainWording(VerbatimPair(prompt=prompt, **answers), traces)


def _as_dumped(stored: str) -> dict[str, Any]:
    """The values of a stored trace; what another version stored in another order is read and put in order."""
    trace: dict[str, Any] = orjson.loads(stored)
    return trace if _is_as_dumped(trace) else Trace.model_validate_json(stored).model_dump(mode="json")


def _is_as_dumped(trace: dict[str, Any]) -> bool:
    if tuple(trace) != _TRACE:
        return False
    for view in VIEWS:
        if (half := trace[view]) is None:
            continue
        if tuple(half) != _VIEW:
            return False
        for prediction in half["predictions"]:
            if tuple(prediction) != _PREDICTION or (
                prediction["path"] is not None and tuple(prediction["path"]) != _PATH
            ):
                return False
    tree = trace["tree"]
    return tree is None or (
        tuple(tree) == ("topics",)
        and all(
            tuple(topic) == _TOPIC and all(tuple(attribute) == _ATTRIBUTE for attribute in topic["attributes"])
            for topic in tree["topics"]
        )
    )


def _edited_text(text: VerbatimPair, before: dict[str, Trace], after: dict[str, Trace]) -> VerbatimPair:
    """The imported text with the edited passages in it; both sides in our own form where a place cannot be found."""
    if before == after:
        return text
    changed = {side: _with_texts_replaced(getattr(text, side), before[side], trace) for side, trace in after.items()}
    if None in changed.values():  # two sides in two forms would teach the form
        changed = {side: render_trace(trace) for side, trace in after.items()}
    return text.model_copy(update=changed)


def _with_texts_replaced(text: str, before: Trace, after: Trace) -> str | None:
    """The answer with each changed text in place of the old one; None where that cannot be done and read back."""
    thoughts, end, answer = text.rpartition("</think>")
    old, new = editable_texts(before), editable_texts(after)
    for name in old:
        if old[name] == new[name] or name in PREDICTION_IDS:
            continue
        if thoughts.count(old[name]) != 1:
            return None
        thoughts = thoughts.replace(old[name], new[name])
    new_texts = iter([prediction.text for prediction in after.predictions])
    old_texts = iter([prediction.text for prediction in before.predictions])

    def predicted(match: re.Match[str]) -> str:
        new_text, old_text = next(new_texts), next(old_texts)
        return match[0] if new_text == old_text else new_text

    edited = thoughts + end + _PREDICT.sub(predicted, answer)
    try:
        return edited if read_trace(edited, without=after.left_out) == after else None
    except InputError:
        return None
