"""`export sft|preference`: what a trainer reads."""

from pathlib import Path
from typing import Annotated

import typer

from proutt_core.commands._output import Json, command_output
from proutt_core.export import ExportFormat, ExportKind
from proutt_core.types import PairStatus
from proutt_core.worker.exporting import run_export


def export(
    kind: Annotated[ExportKind, typer.Argument(help="sft: prompt and chosen; preference: prompt, chosen, rejected.")],
    run: Annotated[str, typer.Option("--run", help="The synthesis run whose pairs go out.")],
    out: Annotated[Path, typer.Option("--out", help="The file to write; an existing one is replaced.")],
    format: Annotated[ExportFormat, typer.Option("--format", help="Which trainer reads it.")] = "trl",
    status: Annotated[
        PairStatus,
        typer.Option("--status", help="approved by people; clean: passed every gate, not refused; or all of these."),
    ] = "approved",
    as_json: Json = False,
) -> None:
    """Write training data: only train-split pairs; a pair that failed a gate only when a person approved it."""
    with command_output(as_json) as output:
        written = run_export(run=run, kind=kind, format=format, status=status, out=out)
        result = {"rows": written.rows, "sha256": written.sha256, "out": str(out)}
        where = f" and {written.info_path}" if written.info_path else ""
        if not written.rows:
            hint = "; review pairs first, or ask for --status clean" if status == "approved" else ""
            output.result(result, text=f"no pair of run {run} is {status}{hint}; wrote the empty file {out}{where}")
            return
        output.result(result, text=f"{written.rows} rows written to {out}{where}")
