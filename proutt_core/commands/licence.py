"""`licence`: whether a dataset's texts may be passed on, where what the import recognised is wrong."""

from typing import Annotated

import typer

from proutt_core.commands._output import Json, command_output


def licence(
    dataset: Annotated[str, typer.Argument(help="The dataset's name.")],
    redistributable: Annotated[
        bool, typer.Option("--redistributable/--not-redistributable", help="Whether exports may hold its texts.")
    ],
    reason: Annotated[str, typer.Option("--reason", help="Why; kept in the event log.")],
    as_json: Json = False,
) -> None:
    """Say whether a dataset's texts may leave in exports. Without them, exports hold ids and traces."""
    from db.datasets.licences import set_redistributable

    with command_output(as_json) as output:
        set_redistributable(name=dataset, redistributable=redistributable, reason=reason)
        said = "hold its texts" if redistributable else "hold ids and traces, not its texts"
        output.result({"dataset": dataset, "redistributable": redistributable}, text=f"exports of {dataset} {said}")
