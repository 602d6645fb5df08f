"""Numbers on the command line: every option of whole numbers has bounds, and none ends in a traceback."""

from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command

from proutt_core.__main__ import COMMANDS, app
from tests.commands.terminal import run_in
from tests.jobs.project import DATASET, import_talks, queue_run

# Checked by the request itself, whose words say more.
CHECKED_LATER = ["resume --max-calls", "synthesize --max-calls"]
ODD = ("99999999999999999999", "-1", "0", "1e400", "nan", "9" * 5000)


def commands() -> Iterator[tuple[str, Any]]:
    group: Any = get_command(app)
    for name in COMMANDS:
        command = group.get_command(None, name)
        for inner, sub in getattr(command, "commands", {"": command}).items():
            yield f"{name} {inner}".strip(), sub


def numbers(*kinds: type) -> list[tuple[str, Any]]:
    """Commands, each with one of its options for numbers."""
    options = [(name, option) for name, command in commands() for option in command.params]
    return [(name, option) for name, option in options if option.type_descriptor.annotation in kinds]


def test_every_whole_number_has_a_least_and_a_greatest() -> None:
    bounds = {f"{name} {option.opts[0]}": (option.min, option.max) for name, option in numbers(int)}
    assert len(bounds) >= 15
    without = [option for option, (least, most) in bounds.items() if least is None or most is None]
    assert sorted(without) == CHECKED_LATER


WORDS = {
    "synthesize": ("--dataset", DATASET, "--run", "n"),
    "predict": ("--dataset", DATASET, "--method", "n"),
    "near-duplicates": (DATASET,),
    "study create": ("s", "--title", "T", "--dataset", DATASET, "--a", "x", "--b", "y"),
    "judge": ("--study", "s"),
    "resume": ("r",),
    "prices set": ("m", "--base-url", "http://h/v1", "--prompt", "1", "--completion", "1", "--currency", "CNY"),
}


def test_numbers_beyond_sense_are_refused_in_one_line_by_every_command(sqlite: str) -> None:
    import_talks(2)
    queue_run(run="r")
    tried = [(name, option.opts[0]) for name, option in numbers(int, float) if name in WORDS]
    assert len(tried) >= 18
    for name, option in tried:
        for number in ODD:
            shown = run_in("utf-8", *name.split(), *WORDS[name], f"{option}={number}")
            assert b"Traceback" not in shown.err, (name, option, number)
            if shown.code:
                assert shown.err.count(b"error: ") == 1, shown.err


@pytest.mark.parametrize("number", ["0", "-3", "99999999999"])
def test_a_judge_wants_places(sqlite: str, number: str) -> None:
    shown = run_in("utf-8", "judge", "--study", "s", "--concurrency", number)
    assert shown.code == 2
    assert b"--concurrency" in shown.err
