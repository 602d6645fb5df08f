"""`export sft|preference`: what a trainer reads. `export-join`: puts the texts back into rows that went out without."""

from pathlib import Path
from typing import Annotated

import typer

from proutt_core.actions.export import run_export
from proutt_core.actions.export_join import join_export
from proutt_core.commands._output import Json, command_output
from proutt_core.errors import InputError
from proutt_core.export import ExportFormat, ExportKind, TextFormat, Written
from proutt_core.export.outputs import is_stdout
from proutt_core.types import PairStatus

OUT = "What to write to: a file (an existing one is replaced), a pipe, or - for standard output."
WITHOUT_TEXTS = (
    "ids and traces only, no dialogues; a trace may quote its dialogue. Whoever holds the dataset puts the texts back"
    " with `export-join`"
)


def export(
    kind: Annotated[ExportKind, typer.Argument(help="sft: prompt and chosen; preference: prompt, chosen, rejected.")],
    out: Annotated[Path, typer.Option("--out", help=OUT)],
    run: Annotated[str | None, typer.Option("--run", help="The synthesis run whose pairs go out.")] = None,
    dataset: Annotated[
        str | None, typer.Option("--dataset", help="Or the dataset whose imported pairs go out.")
    ] = None,
    format: Annotated[
        ExportFormat, typer.Option("--format", help="Which trainer reads it; ids: everything but the dialogues.")
    ] = "trl",
    status: Annotated[
        PairStatus,
        typer.Option("--status", help="approved by people; clean: passed every gate, not refused; or all of these."),
    ] = "approved",
    with_texts: Annotated[
        bool, typer.Option("--with-texts", help="Texts go out although the dataset's licence forbids it.")
    ] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with the export.")] = "",
    as_json: Json = False,
) -> None:
    """Write training data: only train-split pairs; a pair that failed a gate, or was imported, only when a person
    approved it. Of a dataset whose licence forbids passing its texts on: ids and traces."""
    with command_output(as_json, stdout_is_free=not is_stdout(out)) as output:
        if reason and not with_texts:
            raise InputError("--reason says why texts go out with --with-texts; give both or neither")
        written = run_export(
            run=run,
            dataset=dataset,
            kind=kind,
            format=format,
            status=status,
            out=out,
            with_texts=reason if with_texts else None,
        )
        name = f"run {run}" if run is not None else f"dataset {dataset}"
        output.result(
            _result(written, out), text=_words(written, out, name, status, requested=format, imported=run is None)
        )


def export_join(
    file: Annotated[Path, typer.Argument(help="An export without texts (--format ids).")],
    dataset: Annotated[str, typer.Option("--dataset", help="The dataset that holds its dialogues.")],
    out: Annotated[Path, typer.Option("--out", help=OUT)],
    format: Annotated[TextFormat, typer.Option("--format", help="Which trainer reads it.")] = "trl",
    as_json: Json = False,
) -> None:
    """Put the texts back: the file that the export with texts would have been, byte for byte."""
    with command_output(as_json, stdout_is_free=not is_stdout(out)) as output:
        written = join_export(file, dataset=dataset, out=out, format=format)
        where = f" and {written.info_path}" if written.info_path else ""
        output.result(_result(written, out), text=f"{written.rows} rows with their texts written to {out}{where}")


def _result(written: Written, out: Path) -> dict[str, object]:
    return {"rows": written.rows, "sha256": written.sha256, "out": str(out), "format": written.format}


def _words(
    written: Written, out: Path, name: str, status: PairStatus, *, requested: ExportFormat, imported: bool
) -> str:
    where = f" and {written.info_path}" if written.info_path else ""
    if not written.rows:
        statuses = "approved or clean" if status == "all" else status
        return f"no pair of {name} is {statuses}{_hint(status, imported=imported)}; wrote the empty file {out}{where}"
    text = f"{written.rows} rows written to {out}{where}"
    if written.format != "ids":
        return text
    why = "" if requested == "ids" else "The dataset's licence forbids passing its texts on: "
    return f"{text}\n{why}{WITHOUT_TEXTS}."


def _hint(status: PairStatus, *, imported: bool) -> str:
    if imported:
        return " (imported pairs go out only when a person approved them)"
    return "; review pairs first, or ask for --status clean" if status == "approved" else ""
