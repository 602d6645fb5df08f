"""Making a prompted method, and starting its predictions."""

from typing import Any

from db.datasets import datasets
from db.jobs.jobs import Started
from db.studies import methods, predictions
from db.studies.methods import MethodInfo
from proutt_core.llm.providers.model_ref import choose_model
from proutt_core.llm.providers.openrouter import pinned_in


def prompted_method(
    *,
    name: str,
    model: str | None,
    base_url: str | None = None,
    upstream: str | None = None,
    without_tree: bool = False,
) -> MethodInfo:
    """The method of this name; made where there is none. Without a model, the one the method has, or `rules`.

    ConflictError naming the settings that differ: a method never changes.
    """
    known = methods.find(name)
    if (
        model is None
        and base_url is None
        and upstream is None
        and known is not None
        and known.settings.get("kind") == "prompted"
    ):
        # What was said must not be passed over: a method with the tree is refused here.
        asked = known.settings | ({"without_tree": True} if without_tree else {})
        return methods.ensure(name=name, family=known.family, settings=asked)
    spec = model or "rules"
    chosen = choose_model(spec, base_url=base_url, upstream=upstream)
    pinned = pinned_in(chosen.parameters)
    settings: dict[str, Any] = {
        "kind": "prompted",
        "model": spec,
        "model_name": chosen.name,
        "base_url": base_url,
        "without_tree": without_tree,
        **({} if pinned is None else {"upstream": pinned}),
    }
    return methods.ensure(name=name, family=name, settings=settings)


def start_prediction(
    *,
    dataset: str,
    method: MethodInfo,
    split: str = "test",
    limit: int | None = None,
    concurrency: int = 8,
    created_by: int | None = None,
) -> Started:
    """Queue what the method has not predicted yet of this dataset's split."""
    found = datasets.required(dataset)
    return predictions.start_predictions(
        name=f"{method.name} on {found.name} ({split})",
        dataset_id=found.id,
        method_id=method.id,
        settings={"split": split},
        limit=limit,
        concurrency=concurrency,
        created_by=created_by,
    )
