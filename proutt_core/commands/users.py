"""`user add`: an account from the command line, the first one above all."""

import sys
from typing import Annotated, cast

import typer

from db.accounts.passwords import generate_password
from db.accounts.users import create_user
from proutt_core.commands._output import Json, command_output
from proutt_core.errors import InputError
from proutt_core.types import AccountRole

app = typer.Typer(help="Accounts.", no_args_is_help=True)


@app.callback()
def accounts() -> None:
    """Accounts."""


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="What the person signs in with.")],
    role: Annotated[list[str], typer.Option(help="annotator, reviewer, researcher or admin; may be repeated.")],
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from the first line of standard input.")
    ] = False,
    kind: Annotated[str, typer.Option(help="expert, skilled or crowd.")] = "skilled",
    as_json: Json = False,
) -> None:
    """Make an account. On a terminal the password is asked for; left empty, one is made up and printed once."""
    with command_output(as_json) as output:
        password, made_up = _password(from_stdin=password_stdin)
        user = create_user(name=name, password=password, roles=cast(list[AccountRole], role), kind=kind)
        result: dict[str, object] = {"id": user.id, "name": user.name, "roles": sorted(user.roles)}
        text = f"account {user.name} made ({', '.join(sorted(user.roles))})"
        if made_up:
            result["password"] = password
            text += f"\npassword, shown this once: {password}"
        output.result(result, text=text)


def _password(*, from_stdin: bool) -> tuple[str, bool]:
    if from_stdin:
        line = sys.stdin.readline().rstrip("\r\n")
        if not line:
            raise InputError("--password-stdin was given and standard input holds no password")
        return line, False
    if sys.stdin.isatty():
        typed = typer.prompt("Password (empty: make one up)", default="", hide_input=True, show_default=False, err=True)
        if typed:
            if typer.prompt("Once more", hide_input=True, err=True) != typed:
                raise InputError("the two passwords differ")
            return typed, False
    return generate_password(), True
