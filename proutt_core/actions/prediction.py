"""Making a prompted method, and starting its predictions."""

from dataclasses import replace

from db.datasets import datasets
from db.jobs.jobs import Started
from db.studies import methods, predictions
from db.studies.methods import MethodInfo
from proutt_core.llm.providers.model_ref import BASELINE, ModelRef
from proutt_core.methods.settings import MethodSettings
from proutt_core.types.numbers import require_count


def prompted_method(*, name: str, model: ModelRef | None, without_tree: bool = False) -> MethodInfo:
    """The method of this name; made where there is none. Without a model, the one the method has, or `rules`.

    ConflictError naming the settings that differ: a method never changes.
    """
    known = methods.find(name)
    own = None if known is None else MethodSettings.from_stored(known.settings)
    if model is None and known is not None and own is not None:
        # An option that was given must not be ignored: a method with the tree is refused here.
        settings = replace(own, without_tree=own.without_tree or without_tree)
        return methods.ensure(name=name, family=known.family, settings=settings.to_stored())
    model = model or BASELINE
    model.require_usable()
    settings = MethodSettings.of(model, without_tree=without_tree)
    return methods.ensure(name=name, family=name, settings=settings.to_stored())


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
    require_count(concurrency, "the calls at a time")
    if limit is not None:
        require_count(limit, "the limit")
    dataset_info = datasets.required(dataset)
    return predictions.start_predictions(
        name=f"{method.name} on {dataset_info.name} ({split})",
        dataset_id=dataset_info.id,
        method_id=method.id,
        settings={"split": split},
        limit=limit,
        concurrency=concurrency,
        created_by=created_by,
    )
