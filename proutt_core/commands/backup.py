"""`backup`: a whole copy of the database while everything runs."""

from pathlib import Path
from typing import Annotated

import typer

from proutt_core.commands._output import Json, command_output


def backup(
    path: Annotated[Path, typer.Argument(help="The file to write; its folder must be there.")],
    replace: Annotated[bool, typer.Option("--replace", help="A file of that name may go.")] = False,
    as_json: Json = False,
) -> None:
    """Copy the whole database into one file while everything runs. Every answer given before it began is in it."""
    from db.backup import back_up

    with command_output(as_json) as output:
        size = back_up(path, replace=replace)
        output.result(
            {"backup": str(path), "bytes": size}, text=f"{path}: {size / 2**20:,.1f} MB, looked through and whole"
        )
