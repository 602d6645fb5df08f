"""What commands print: text for people or one JSON object, one clear line for an error, progress on a terminal only.

with command_output(json) as output:
    …
    output.result({"done": 3}, text="3 done")
"""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy.exc import OperationalError, ProgrammingError

from proutt_core.errors import ProuttError

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line of stdout.")]

ADVICE = "the database cannot be used: {problem} (run `python -m proutt_core init` first, or check PROUTT_DATABASE_URL)"


class Output:
    """Collects a command's result; printed when the command ends well."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._result: dict[str, Any] = {}
        self._text = ""

    def result(self, value: dict[str, Any], *, text: str) -> None:
        """What the command found: JSON values, and the same in words. With --json the words go to stderr."""
        self._result = value
        self._text = text

    def flush(self) -> None:
        if self._text:
            typer.echo(self._text, err=self._as_json)
        if self._as_json:
            typer.echo(json.dumps(self._result, ensure_ascii=False, allow_nan=False, default=str))


@contextmanager
def command_output(as_json: bool = False) -> Iterator[Output]:
    """The command's body. An error written for the user becomes one line on stderr and exit code 1."""
    output = Output(as_json=as_json)
    try:
        yield output
    except ProuttError as exc:
        fail(str(exc))
    except (OperationalError, ProgrammingError) as exc:
        fail(ADVICE.format(problem=str(exc.orig).splitlines()[0]))
    output.flush()


def fail(message: str) -> None:
    note(f"error: {' '.join(message.split())}")
    raise typer.Exit(code=1)


def note(message: str) -> None:
    """A line on stderr: what a person should know while stdout stays clean."""
    typer.echo(message, err=True)


@contextmanager
def progress(title: str) -> Iterator[Callable[[int, int | None], None]]:
    """A bar on stderr where that is a terminal, nothing elsewhere. Call it with (done, total or None)."""
    console = Console(stderr=True)
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
