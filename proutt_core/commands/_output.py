"""What commands print: text for people or one JSON object, one clear line for an error, progress on a terminal only.

with command_output(json) as output:
    …
    output.result({"done": 3}, text="3 done")
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy.exc import SQLAlchemyError

from db.health import reason
from proutt_core.errors import ProuttError
from proutt_core.terminal import print_json, print_text
from proutt_core.visible import visible

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line of stdout.")]


class Output:
    """Collects a command's result; printed when the command ends well."""

    def __init__(self, *, as_json: bool, stdout_is_free: bool) -> None:
        self._as_json = as_json
        self._stdout_is_free = stdout_is_free
        self._result: dict[str, Any] = {}
        self._text = ""

    def result(self, value: dict[str, Any], *, text: str) -> None:
        """What the command found: JSON values, and the same in words. With --json the words go to stderr."""
        self._result = value
        self._text = text

    def flush(self) -> None:
        if self._text:
            print_text(self._text, err=self._as_json or not self._stdout_is_free)
        if self._as_json:
            print_json(self._result, err=not self._stdout_is_free)


@contextmanager
def command_output(as_json: bool = False, *, stdout_is_free: bool = True) -> Iterator[Output]:
    """The command's body. An error written for the user becomes one line on stderr and exit code 1.

    Where standard output is not free, because the command writes its rows there, all else goes to stderr.
    """
    output = Output(as_json=as_json, stdout_is_free=stdout_is_free)
    try:
        yield output
    except ProuttError as exc:
        fail(str(exc))
    except SQLAlchemyError as exc:
        said = reason(exc)
        if said is None:  # a bug, not the database's state
            raise
        fail(said)
    try:
        output.flush()
    except OSError as exc:  # nobody reads any more, or the disk is full
        fail(f"standard output cannot be written: {exc.strerror or exc}")


def fail(message: str) -> None:
    note(f"error: {' '.join(message.split())}")
    raise typer.Exit(code=1)


def note(message: str) -> None:
    """A line on stderr: what a person should know while stdout stays clean."""
    with suppress(OSError):  # nobody reads it
        print_text(message, err=True)


def confirm(question: str, *, yes: bool) -> None:
    """Go on only when somebody says so. Exit code 2 where nobody can be asked, 1 where the answer is no."""
    if yes:
        return
    if not sys.stdin.isatty():
        note("error: give --yes where nobody can be asked")
        raise typer.Exit(code=2)
    if not typer.confirm(question, default=False, err=True):
        note("nothing was done")
        raise typer.Exit(code=1)


@contextmanager
def progress(title: str) -> Iterator[Callable[[int, int | None], None]]:
    """A bar on stderr where that is a terminal, nothing elsewhere. Call it with (done, total or None)."""
    console = Console(stderr=True)
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(visible(title), total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
