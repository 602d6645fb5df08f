"""`datasets remove` of a dataset that is ready: names what goes, asks, and refuses with what uses it."""

import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from db.datasets import datasets
from proutt_core.__main__ import app
from tests.jobs.project import DATASET, import_talks, queue_run


def remove(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["datasets", "remove", DATASET, *words])
    return done.exit_code, done.stderr + done.stdout


def test_a_ready_dataset_goes_when_somebody_says_so(sqlite: str) -> None:
    import_talks(4)
    code, said = remove()
    assert (code, datasets.find(DATASET) is None) == (2, False)
    assert '"talks" goes for good: 4 dialogues, ' in said and "give --yes" in said
    code, said = remove("--yes")
    assert (code, datasets.find(DATASET)) == (0, None)
    assert 'removed "talks"' in said
    assert "there is nothing to remove" in remove()[1]


@pytest.mark.parametrize(("answer", "removed"), [(b"n\n", False), (b"y\n", True)])
def test_a_person_at_a_terminal_is_asked(sqlite: str, answer: bytes, removed: bool) -> None:
    import_talks(4)
    person, terminal = os.openpty()
    os.write(person, answer)
    command = [sys.executable, "-m", "proutt_core", "datasets", "remove", DATASET]
    done = subprocess.run(command, stdin=terminal, capture_output=True, check=False)
    os.close(person)
    os.close(terminal)
    assert b"Remove it?" in done.stderr
    assert (done.returncode, datasets.find(DATASET) is None) == (0 if removed else 1, removed)


def test_a_dataset_in_use_is_refused_before_anybody_is_asked(sqlite: str) -> None:
    import_talks(4)
    queue_run("first")
    code, said = remove("--yes")
    assert (code, datasets.find(DATASET) is None) == (1, False)
    assert said == 'error: "talks" cannot be removed: the run "first" would lose its ground\n'
