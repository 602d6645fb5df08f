"""`init`: a database ready for use, with the bundled sample project if wanted. `import`: a file into a dataset."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from proutt_core.commands._output import Json, command_output, confirm, note, progress
from proutt_core.private_files import tighten_own_folder
from proutt_core.types.numbers import LARGEST, LARGEST_SEED

if TYPE_CHECKING:
    from proutt_core.dialogues import ImportSettings

datasets = typer.Typer(help="What datasets there are, and what unfinished imports left.", no_args_is_help=True)


def init(
    sample: Annotated[
        bool, typer.Option("--sample", help="Load the bundled sample project and demo accounts.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Bring the database to the newest schema. What was done before is not done again."""
    from db.engine import engine
    from db.migrate import migrate
    from proutt_core.jobs.bills import load_starting_prices

    with command_output(as_json) as output:
        tighten_own_folder()
        changed = migrate()
        prices = load_starting_prices()
        result: dict[str, Any] = {"database": engine().url.render_as_string(), "migrated": changed}
        lines = [f"database {result['database']}: {'migrated' if changed else 'up to date'}"]
        lines += [f"{prices} prices of models loaded; see `python -m proutt_core prices`"] if prices else []
        if sample:
            from proutt_core.actions.sample_project import set_up_sample

            done = set_up_sample()
            result |= {"accounts": None if done.accounts is None else str(done.accounts), "sample": done.did}
            lines += done.did or ["the sample project is there already"]
            lines += [f"demo accounts: {done.accounts}"] if done.accounts else []
        output.result(result, text="\n".join(lines))


def import_(
    paths: Annotated[
        list[str],
        typer.Argument(help="Files or folders, or - for standard input; what is read: docs/formats.md."),
    ],
    dataset: Annotated[str, typer.Option(help="The new dataset's name.")],
    format: Annotated[str | None, typer.Option(help="Default: found from the content.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, max=LARGEST, help="Take the first N dialogues.")] = None,
    sample: Annotated[int | None, typer.Option(min=1, max=LARGEST, help="Draw N dialogues at random.")] = None,
    turn: Annotated[str, typer.Option(help="Where to cut: random, last or all.")] = "random",
    split: Annotated[
        str | None,
        typer.Option(help="train/valid/test in percent. Default: the splits that the source names, else 80/5/15."),
    ] = None,
    seed: Annotated[int, typer.Option(min=-LARGEST_SEED, max=LARGEST_SEED, help="Of splits, cuts and the draw.")] = 0,
    min_turns: Annotated[int, typer.Option(min=0, max=LARGEST, help="Leave out shorter dialogues.")] = 0,
    language: Annotated[str | None, typer.Option(help="Take only this language, such as en or zh.")] = None,
    title: Annotated[str, typer.Option(help="What annotators see; names no method, model or run.")] = "Dialogues",
    licence: Annotated[str, typer.Option(help="The source's licence, for the record.")] = "",
    personal_data: Annotated[
        str, typer.Option(help="Possible personal data: keep, mask, or drop the dialogues that hold any.")
    ] = "keep",
    as_json: Json = False,
) -> None:
    """Import dialogues; several files make one dataset. Rows that cannot be used are skipped and reported.

    The same command again resumes an unfinished import; one with --sample starts over.
    """
    from proutt_core.actions.importing import import_now
    from proutt_core.jobs.kinds.importing import ImportRequest

    with command_output(as_json) as output:
        settings = _import_settings(
            {
                "turn": turn,
                "shares": split,
                "seed": seed,
                "limit": limit,
                "sample": sample,
                "min_turns": min_turns,
                "language": language,
                "personal_data": personal_data,
            }
        )
        request = ImportRequest(
            paths=_existing(paths),
            dataset=dataset,
            public_title=title,
            format=format,
            licence=licence,
            settings=settings,
        )
        with progress(f"importing {Path(paths[0]).name}") as show:
            try:
                report = import_now(request, progress=lambda rows: show(rows, None), say=note)
            except KeyboardInterrupt:
                note("interrupted: the same command goes on from here; `datasets remove` takes away what is stored")
                raise typer.Exit(code=130) from None
        output.result(report.as_dict(), text=_words(dataset, report.as_dict()))


def _existing(paths: list[str]) -> tuple[str, ...]:
    """The paths; standard input as a file of its own, because it can be read only once."""
    import sys

    from proutt_core.dialogues.uploads import save_upload

    return tuple(str(save_upload(sys.stdin.buffer, "stdin")) if path in ("-", "/dev/stdin") else path for path in paths)


def _import_settings(options: dict[str, Any]) -> "ImportSettings":
    """InputError that names the option."""
    from pydantic import ValidationError

    from proutt_core.dialogues import ImportSettings, parse_shares
    from proutt_core.errors import InputError

    try:
        shares = options["shares"] and parse_shares(options["shares"])
        return ImportSettings.model_validate(options | {"shares": shares or None})
    except ValidationError as exc:
        problem = exc.errors()[0]
        raise InputError(f"--{problem['loc'][0]}: {problem['msg']}") from exc


@datasets.command("list")
def list_datasets(as_json: Json = False) -> None:
    """List the datasets, and unfinished imports with the row after which they resume."""
    from db.datasets.datasets import list_ready
    from db.datasets.imports import list_unfinished

    with command_output(as_json) as output:
        ready, unfinished = list_ready(), list_unfinished()
        lines = [f"{d.name}: {d.pairs or d.dialogues:,} {d.kind}, {d.samples:,} samples" for d in ready]
        for left in unfinished:
            state = "being imported" if left.held else "its import did not end"
            lines.append(f"{left.name}: {state}, {left.so_far.rows:,} rows of {left.source} done")
        output.result(
            {
                "ready": [{"name": d.name, "kind": d.kind, "dialogues": d.dialogues, "pairs": d.pairs} for d in ready],
                "unfinished": [{"name": u.name, "rows": u.so_far.rows, "held": u.held} for u in unfinished],
            },
            text="\n".join(lines) or "no datasets yet; make one with `import`",
        )


@datasets.command("remove")
def remove_dataset(
    name: Annotated[str, typer.Argument(help="The dataset's name.")],
    yes: Annotated[bool, typer.Option("--yes", help="It goes for good: do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Remove a dataset that nothing uses, or what an unfinished import left."""
    from db.datasets.datasets import find
    from db.datasets.removal import remove_ready, require_removable
    from proutt_core.actions.importing import forget_import

    with command_output(as_json) as output:
        dataset = find(name)
        if dataset is not None:
            require_removable(name)  # before anybody is asked
            pairs = f", {dataset.pairs:,} pairs" if dataset.pairs else ""
            note(
                f'"{name}" goes for good: {dataset.dialogues:,} dialogues, {dataset.samples:,} samples{pairs},'
                f" imported {dataset.created_at:%Y-%m-%d} from {dataset.source}"
            )
            confirm("Remove it?", yes=yes)
            remove_ready(name)
        removed = forget_import(name) or dataset is not None
        said = "removed" if removed else "there is nothing to remove of"
        output.result({"dataset": name, "removed": removed}, text=f'{said} "{name}"')


def title(
    new_title: Annotated[str, typer.Argument(help="What annotators see; names no method, model or run.")],
    dataset: Annotated[str, typer.Option(help="The dataset's name.")],
    as_json: Json = False,
) -> None:
    """Change what annotators see of a dataset, on the work they already have too."""
    from db.datasets.datasets import retitle

    with command_output(as_json) as output:
        retitle(name=dataset, public_title=new_title)
        output.result({"dataset": dataset, "title": new_title}, text=f'annotators now see "{new_title}"')


def _of_pairs(dataset: str, report: dict[str, Any]) -> list[str]:
    head = (
        f"dataset {dataset}: {report['imported']} pairs imported, {report['parsed']} read as traces and"
        f" {report['verbatim']} kept as text ({report['sft_only']} hold a chosen answer only),"
        f" {report['duplicates']} duplicates, {report['skipped']} skipped; {report['gate_failed']} failed a check"
    )
    return [head, *(f"  kept as text: {count} × {cause}" for cause, count in report["causes"].items())]


def _of_dialogues(dataset: str, report: dict[str, Any]) -> list[str]:
    from proutt_core.dialogues.balance import balance_lines

    return [
        f"dataset {dataset}: {report['imported']} dialogues imported with {report['samples']} samples"
        f" ({report['without_sample']} give none), {report['duplicates']} duplicates,"
        f" {report['earlier_states']} earlier states of others, {report['renamed']} renamed,"
        f" {report['skipped']} skipped",
        *(f"  {line}" for line in balance_lines(report)),
    ]


def _words(dataset: str, report: dict[str, Any]) -> str:
    lines = _of_pairs(dataset, report) if "parsed" in report else _of_dialogues(dataset, report)
    for reason, count in report["reasons"].items():
        rows = ", ".join(str(number) for number in report["numbers"].get(reason, []))
        lines.append(f"  skipped: {count} × {reason} (rows {rows}{' …' if count > 10 else ''})")
    lines += [f"  {file['name']}: {file['note']}" for file in report.get("files", [])[:10]]
    lines += [f"  normalised: {count} × {note}" for note, count in report["notes"].items()]
    return "\n".join(lines)
