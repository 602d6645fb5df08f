"""`init`: a database ready for use, with the bundled sample project if wanted. `import`: a file into a dataset."""

from pathlib import Path
from typing import Annotated, Any

import typer

from proutt_core.commands._output import Json, command_output, progress


def init(
    sample: Annotated[
        bool, typer.Option("--sample", help="Load the bundled sample project and demo accounts.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Bring the database to the newest schema. Does nothing that was done before."""
    from db.engine import engine
    from db.migrate import migrate

    with command_output(as_json) as output:
        changed = migrate()
        result: dict[str, Any] = {"database": engine().url.render_as_string(), "migrated": changed}
        lines = [f"database {result['database']}: {'migrated' if changed else 'up to date'}"]
        if sample:
            from proutt_core.worker.sample import set_up_sample

            done = set_up_sample()
            result |= {"accounts": None if done.accounts is None else str(done.accounts), "sample": done.did}
            lines += done.did or ["the sample project is there already"]
            lines += [f"demo accounts: {done.accounts}"] if done.accounts else []
        output.result(result, text="\n".join(lines))


def import_(
    path: Annotated[Path, typer.Argument(help="A file: JSON, JSONL, parquet, or one of these in a zip or gz.")],
    dataset: Annotated[str, typer.Option(help="The new dataset's name.")],
    format: Annotated[str | None, typer.Option(help="Default: found from the content.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Take the first N dialogues.")] = None,
    sample: Annotated[int | None, typer.Option(min=1, help="Draw N dialogues at random.")] = None,
    turn: Annotated[str, typer.Option(help="Where to cut: random, last or all.")] = "random",
    split: Annotated[str, typer.Option(help="train/valid/test in percent.")] = "80/5/15",
    seed: Annotated[int, typer.Option(help="Of splits, cuts and the draw.")] = 0,
    min_turns: Annotated[int, typer.Option(min=0, help="Leave out shorter dialogues.")] = 0,
    language: Annotated[str | None, typer.Option(help="Take only this language, such as en or zh.")] = None,
    title: Annotated[str, typer.Option(help="What annotators see; names no method, model or run.")] = "Dialogues",
    licence: Annotated[str, typer.Option(help="The source's licence, for the record.")] = "",
    as_json: Json = False,
) -> None:
    """Import a file of dialogues. Rows that cannot be used are skipped and reported."""
    from pydantic import ValidationError

    from proutt_core.dialogues import ImportSettings, parse_shares
    from proutt_core.errors import InputError
    from proutt_core.worker.imports import ImportRequest, import_now

    with command_output(as_json) as output:
        try:
            settings = ImportSettings.model_validate(
                {
                    "turn": turn,
                    "shares": parse_shares(split),
                    "seed": seed,
                    "limit": limit,
                    "sample": sample,
                    "min_turns": min_turns,
                    "language": language,
                }
            )
        except ValidationError as exc:
            problem = exc.errors()[0]
            raise InputError(f"--{problem['loc'][0]}: {problem['msg']}") from exc
        request = ImportRequest(
            path=str(path), dataset=dataset, public_title=title, format=format, licence=licence, settings=settings
        )
        with progress(f"importing {path.name}") as show:
            report = import_now(request, progress=lambda rows: show(rows, None))
        output.result(report.as_dict(), text=_words(dataset, report.as_dict()))


def title(
    new_title: Annotated[str, typer.Argument(help="What annotators see; names no method, model or run.")],
    dataset: Annotated[str, typer.Option(help="The dataset's name.")],
    as_json: Json = False,
) -> None:
    """Change what annotators see of a dataset, on the work they already have too."""
    from db.datasets import retitle

    with command_output(as_json) as output:
        retitle(name=dataset, public_title=new_title)
        output.result({"dataset": dataset, "title": new_title}, text=f'annotators now see "{new_title}"')


def _words(dataset: str, report: dict[str, Any]) -> str:
    lines = [
        f"dataset {dataset}: {report['imported']} dialogues imported with {report['samples']} samples"
        f" ({report['without_sample']} give none), {report['duplicates']} duplicates, {report['renamed']} renamed,"
        f" {report['skipped']} skipped"
    ]
    for reason, count in report["reasons"].items():
        rows = ", ".join(str(number) for number in report["numbers"].get(reason, []))
        lines.append(f"  skipped: {count} × {reason} (rows {rows}{' …' if count > 10 else ''})")
    lines += [f"  normalised: {count} × {note}" for note, count in report["notes"].items()]
    return "\n".join(lines)
