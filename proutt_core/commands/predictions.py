"""`import-predictions`: a file of what a model elsewhere predicted becomes a method that a study can compare."""

from pathlib import Path
from typing import Annotated

import typer

from proutt_core.commands._output import Json, command_output


def import_predictions(
    file: Annotated[Path, typer.Argument(help="JSONL, JSON, CSV or Excel; docs/predictions.md shows rows.")],
    dataset: Annotated[str, typer.Option(help="The dataset whose samples were predicted.")],
    method: Annotated[str, typer.Option(help="The method's name. Annotators never see it.")],
    as_json: Json = False,
) -> None:
    """Take predictions that were made elsewhere. All of the file is stored, or nothing; a report says what matched."""
    from proutt_core.actions import prediction_import

    with command_output(as_json) as output:
        report = prediction_import.import_predictions(file, dataset=dataset, method=method)
        output.result(report.as_json(), text="\n".join(report.in_words()))
