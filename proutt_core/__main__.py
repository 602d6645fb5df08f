"""The command line, `python -m proutt_core`: only puts the commands together. Each is imported when it is called."""

import importlib
import sys
import traceback
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException
from typer.main import get_command, get_group

from proutt_core.environment import load_settings_file
from proutt_core.errors import InputError, SettingsError
from proutt_core.terminal import end, prepare, print_text
from proutt_core.types.json_text import is_whole

PROGRAM = "python -m proutt_core"

# Command: the module in proutt_core.commands, and what it is there, a function or a typer app with its own commands.
COMMANDS = {
    "init": ("data", "init"),
    "import": ("data", "import_"),
    "datasets": ("data", "datasets"),
    "title": ("data", "title"),
    "personal-data": ("dataset_checks", "personal_data"),
    "near-duplicates": ("dataset_checks", "near_duplicates"),
    "synthesize": ("runs", "synthesize"),
    "runs": ("run_states", "runs"),
    "pause": ("run_states", "pause"),
    "resume": ("run_states", "resume"),
    "cancel": ("run_states", "cancel"),
    "predict": ("runs", "predict"),
    "import-predictions": ("predictions", "import_predictions"),
    "study": ("studies", "app"),
    "judge": ("judging", "judge"),
    "agreement": ("judging", "agreement"),
    "export": ("export", "export"),
    "export-join": ("export", "export_join"),
    "licence": ("licence", "licence"),
    "backup": ("backup", "backup"),
    "user": ("users", "app"),
    "models": ("models", "app"),
    "prices": ("prices", "app"),
    "worker": ("runs", "worker"),
}


class _Commands(TyperGroup):
    """Imports what is called: scipy and the openai package together take longer than most commands."""

    def main(self, *args: Any, standalone_mode: bool = True, **more: Any) -> Any:
        """As typer does it, but an option that is wrong or missing costs one line, like every other error."""
        if not standalone_mode:
            return super().main(*args, standalone_mode=False, **more)  # type: ignore[misc]
        try:
            code = super().main(*args, standalone_mode=False, **more)  # type: ignore[misc]
        except typer.Abort:
            code = 130
        except TyperException as exc:
            code = _refused(exc)
        except (InputError, SettingsError) as exc:  # found before the command began
            print_text(f"error: {exc}", err=True)
            code = 1
        sys.exit(code if isinstance(code, int) else 0)

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name]
        command = getattr(importlib.import_module(f"proutt_core.commands.{module}"), name)
        if isinstance(command, typer.Typer):
            made: Any = get_group(command)
        else:
            alone = typer.Typer(add_completion=False)
            alone.command(cmd_name)(command)
            made = get_command(alone)
        made.name = cmd_name
        return made


def _refused(exc: Any) -> int:
    """Say what is wrong with the command's words, and where the right ones are told."""
    said = " ".join(exc.format_message().split()).replace("Value error, ", "").rstrip(".")
    if not said:  # a group without a command: its help was printed
        return int(exc.exit_code)
    where = exc.ctx.command_path if getattr(exc, "ctx", None) is not None else PROGRAM
    print_text(f"error: {said}. See `{where} --help`.", err=True)
    return int(exc.exit_code)


app = typer.Typer(
    cls=_Commands, help="ProUtt Studio.", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)


@app.callback()
def _start() -> None:
    load_settings_file(Path(".env"))


def main() -> None:
    prepare()
    try:
        _require_text(sys.argv[1:])
        app(prog_name=PROGRAM)
    except Exception:  # noqa: BLE001  a bug: its whole story is told, without anything raw in it
        print_text(traceback.format_exc().rstrip(), err=True)
        sys.exit(1)
    finally:
        end()


def _require_text(arguments: list[str]) -> None:
    """Bytes that are no text in the terminal's encoding could be stored nowhere."""
    for number, argument in enumerate(arguments, start=1):
        if not is_whole(argument):
            print_text(f"error: argument {number} is no text in this system's encoding: {argument}", err=True)
            sys.exit(2)


if __name__ == "__main__":
    main()
