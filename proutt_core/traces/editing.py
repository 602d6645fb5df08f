"""Editing a trace by its texts: the reasoning and the predictions' wording; tree, category and paths stay."""

from typing import Any, Literal

from pydantic import ValidationError

from proutt_core.errors import InputError
from proutt_core.text import normalise
from proutt_core.types import PREDICTION_IDS, VIEWS, Trace, View

TracePart = Literal["tree", "category", "mining", "exploration"]
TRACE_PARTS: tuple[TracePart, TracePart, TracePart, TracePart] = ("tree", "category", "mining", "exploration")


def parts_of(trace: Trace) -> tuple[TracePart, ...]:
    """What the trace has; an ablation's lacks some."""
    return tuple(part for part in TRACE_PARTS if part not in trace.left_out)


def parts_that_differ(chosen: Trace, rejected: Trace) -> tuple[TracePart, ...]:
    """What a reader must compare; the rest is the same on both sides."""
    differs: dict[TracePart, bool] = {
        "tree": chosen.tree != rejected.tree,
        "category": (chosen.category, chosen.category_reasoning) != (rejected.category, rejected.category_reasoning),
        "mining": chosen.mining != rejected.mining,
        "exploration": chosen.exploration != rejected.exploration,
    }
    return tuple(part for part in TRACE_PARTS if differs[part])


def editable_texts(trace: Trace) -> dict[str, str]:
    """Field name → text: "category", the two views, and the predictions by id, as far as the trace has them."""
    texts = {} if trace.category_reasoning is None else {"category": trace.category_reasoning}
    for view in trace.views:
        texts[view.view] = view.reasoning
        texts |= {prediction.id: prediction.text for prediction in view.predictions}
    return texts


def with_texts(trace: Trace, texts: dict[str, str]) -> Trace:
    """The trace with these texts in place of its own. Raises InputError naming the field that cannot be used."""
    unknown = sorted(set(texts) - set(editable_texts(trace)))
    if unknown:
        raise InputError(f"these are no texts of a trace: {', '.join(unknown)}")
    changed: dict[str, Any] = trace.model_dump(mode="json")
    changed["category_reasoning"] = texts.get("category", trace.category_reasoning)
    for view in trace.views:
        half = changed[view.view]
        half["reasoning"] = texts.get(view.view, half["reasoning"])
        for prediction in half["predictions"]:
            prediction["text"] = texts.get(prediction["id"], prediction["text"])
    try:
        edited = Trace.model_validate(changed)
    except ValidationError as exc:
        raise InputError(_problem(exc)) from exc
    _require_different(edited)
    return edited


def _require_different(trace: Trace) -> None:
    id_by_text: dict[str, str] = {}
    for prediction in trace.predictions:
        other = id_by_text.setdefault(normalise(prediction.text), prediction.id)
        if other != prediction.id:
            raise InputError(f"Predictions {name_of(other)} and {name_of(prediction.id)} are the same.")


def name_of(prediction_id: str) -> str:
    """The number a reader sees: 1 to 4 for m1, m2, e1, e2, so that an ablation's predictions keep theirs."""
    return str(PREDICTION_IDS.index(prediction_id) + 1) if prediction_id in PREDICTION_IDS else prediction_id


def _problem(exc: ValidationError) -> str:
    error = exc.errors()[0]
    place = error["loc"]
    if "predictions" in place:
        view: View = "mining" if place[0] == "mining" else "exploration"
        where = f"Prediction {int(place[2]) + (1 if view == 'mining' else 3)}"
    elif place and place[0] in VIEWS:
        where = f"The {place[0]} reasoning"
    else:
        where = "The category reasoning"
    limit = error.get("ctx", {}).get("max_length")
    if error["type"] == "string_too_short":
        return f"{where} is empty."
    return f"{where} is longer than {limit:,} characters." if limit else f"{where} cannot be saved: {error['msg']}."
