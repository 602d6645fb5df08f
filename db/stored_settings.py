"""What the database itself reads of stored settings: of jobs, methods, datasets and exports.

The rest of the product reads them as values (`RunSettings`, `MethodSettings`, `JudgeSettings`, `ImportRequest`), which
the database does not know. What an earlier version did not store is as if it were left out.
"""

from collections.abc import Mapping
from typing import Any


def split_of(settings: Mapping[str, Any]) -> str:
    """Of a run or a prediction; "" for a job that has none."""
    return str(settings.get("split") or "")


def seed_of(settings: Mapping[str, Any]) -> int | None:
    """Of a run or a dataset."""
    seed: int | None = settings.get("seed")
    return seed


def without_of(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Parts of the method that a run leaves out, sorted."""
    return tuple(settings.get("without", ()))


def generation_of(settings: Mapping[str, Any]) -> int:
    """Of the call log: which stored replies answer a run."""
    return int(settings.get("generation", 0))


def asks(settings: Mapping[str, Any], *, address: str, model: str) -> bool:
    """Whether a run asks this model at this address."""
    return (settings.get("address"), settings.get("model_name")) == (address, model)


def model_of(settings: Mapping[str, Any]) -> str:
    """The model as somebody named it; "" where there is none."""
    return str(settings.get("model") or "")


def model_name_of(settings: Mapping[str, Any]) -> str:
    """The model's name at its address, as it was when it was stored; "" where there is none."""
    return str(settings.get("model_name") or "")


def address_of(settings: Mapping[str, Any]) -> str | None:
    """Where the model was when it was stored; None where that was not stored."""
    address: str | None = settings.get("address")
    return address


def model_names(settings: Mapping[str, Any]) -> set[str]:
    """Every name of the model, also without its owner; "" among them."""
    names = (model_of(settings), model_name_of(settings))
    return {name for model in names for name in (model, model.rpartition("/")[2])}


def made_by_rules(settings: Mapping[str, Any]) -> bool:
    return model_of(settings) == "rules"


def run_behind(settings: Mapping[str, Any]) -> str | None:
    """The run whose pairs a method was trained on."""
    return settings.get("run") or None


def reason_for_texts(settings: Mapping[str, Any]) -> str:
    """Why an export has texts although the licence forbids it; "" where it has none, or may."""
    return str(settings.get("with_texts") or "")


def threshold_of(settings: Mapping[str, Any]) -> float:
    """Of a search for near-duplicates: a Jaccard similarity, 0.3 to 1."""
    return float(settings["threshold"])
