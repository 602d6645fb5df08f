"""`personal-data`: what a dataset holds, masked or dropped if wanted. `near-duplicates`: find them, drop the copies."""

from typing import Annotated, Any

import typer

from proutt_core.commands._output import Json, command_output, progress

Name = Annotated[str, typer.Argument(help="The dataset's name.")]


def personal_data(
    name: Name,
    mask: Annotated[
        bool, typer.Option("--mask", help="Replace each match by a placeholder such as [EMAIL_1].")
    ] = False,
    drop: Annotated[bool, typer.Option("--drop", help="Take the dialogues that hold any away.")] = False,
    as_json: Json = False,
) -> None:
    """Count possible personal data in a dataset; mask it or drop its dialogues while nothing uses the dataset."""
    from db.datasets import datasets
    from db.datasets.personal_data import summary
    from proutt_core.actions.personal_data import drop_from_dataset, look, mask_dataset
    from proutt_core.errors import InputError

    with command_output(as_json) as output:
        if mask and drop:
            raise InputError("--mask or --drop, not both")
        dataset = datasets.required(name)
        if dataset.kind == "pairs":
            raise InputError(f'"{name}" holds imported pairs; personal data is looked for in dialogues only')
        dataset_id = dataset.id
        with progress(f"looking through {name}") as show:
            look(dataset_id, progress=show)
        counts = summary(dataset_id)
        result: dict[str, Any] = {
            "dataset": name,
            "matches": counts.matches,
            "dialogues_by_kind": counts.dialogues_by_kind,
            "dialogues": counts.dialogues,
            "masked": 0,
            "dropped": 0,
        }
        lines = [f"dataset {name}: {counts.dialogues} dialogues hold possible personal data"]
        lines += [f"  {kind}: {n} in {counts.dialogues_by_kind[kind]} dialogues" for kind, n in counts.matches.items()]
        if mask or drop:
            treat, done, word = (
                (mask_dataset, "masked", "masking") if mask else (drop_from_dataset, "dropped", "dropping")
            )
            with progress(f"{word} in {name}") as show:
                result[done] = treat(dataset_id, progress=show).dialogues
            lines.append(f"{result[done]} dialogues {done}")
        output.result(result, text="\n".join(lines))


def near_duplicates(
    name: Name,
    threshold: Annotated[
        float, typer.Option(help="Jaccard similarity of the texts from which on they are near.")
    ] = 0.8,
    drop: Annotated[
        bool, typer.Option("--drop", help="Keep one of each cluster, test before valid before train.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Find dialogues that are nearly the same, also across splits; drop the copies while nothing uses the dataset."""
    from db.datasets import datasets
    from db.datasets.near_duplicates import drop_copies
    from db.datasets.uses import require_unused
    from proutt_core.actions.near_duplicates import find_now

    with command_output(as_json) as output:
        dataset = datasets.required(name)
        if drop:
            require_unused(dataset.id)  # before a minute's work
        with progress(f"reading {name}") as show:
            search = find_now(dataset=name, threshold=threshold, progress=lambda done: show(done, dataset.dialogues))
        across = {f"{first}/{copy}": count for (first, copy), count in search.across.items()}
        dropped = drop_copies(dataset.id) if drop else 0
        lines = [
            f"dataset {name}: {search.copies} dialogues are nearly another one ({search.clusters} clusters,"
            f" threshold {threshold:g})",
            *(f"  across splits: {count} × {splits}" for splits, count in across.items()),
        ]
        lines += [f"{dropped} copies dropped"] if drop else []
        result: dict[str, Any] = {
            "dataset": name,
            "threshold": threshold,
            "copies": search.copies,
            "clusters": search.clusters,
            "across_splits": across,
            "dropped": dropped,
        }
        output.result(result, text="\n".join(lines))
