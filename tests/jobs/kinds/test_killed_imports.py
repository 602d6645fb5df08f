"""Imports killed with SIGKILL at random moments and started again: the rows of an import that nobody disturbed."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks._lmsys import write_jsonl
from db.datasets import datasets, imports
from proutt_core.actions.importing import import_now
from proutt_core.jobs.kinds.importing import ImportRequest
from tests.conftest import PROJECT
from tests.jobs.kinds.imported_rows import fingerprint

ROWS = 4000  # some 24 MB: read by a second process
KILLS = 2
LEASE_S = "0.3"


def command(path: Path, dataset: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "proutt_core", "import", str(path), "--dataset", dataset, "--json"],
        cwd=PROJECT,
        env=os.environ | {"PROUTT_LEASE_S": LEASE_S},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def readers_of(pid: int) -> list[int]:
    """The processes that it started."""
    children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(word) for word in children.stdout.split()]


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def rows_done(dataset: str) -> int:
    left = imports.unfinished(dataset)
    return 0 if left is None else left.so_far.rows


def kill_in_the_middle(path: Path, dataset: str, wait_s: float) -> int:
    """Start the import, kill it some time after its first new batch, and say after which row it was."""
    before = rows_done(dataset)
    with command(path, dataset) as process:
        while process.poll() is None and rows_done(dataset) <= before:
            time.sleep(0.01)
        time.sleep(wait_s)
        readers = readers_of(process.pid)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    deadline = time.monotonic() + 30
    while not all(gone(pid) for pid in readers):
        assert time.monotonic() < deadline, "the process that reads outlives the one that stores"
        time.sleep(0.05)
    time.sleep(2 * float(LEASE_S))
    return rows_done(dataset)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at processes in /proc")
def test_killed_again_and_again_gives_the_rows_of_an_undisturbed_import(database: str, tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "talks.jsonl", ROWS)
    import_now(ImportRequest((str(path),), "whole"))
    draw = random.Random(5)
    after = [kill_in_the_middle(path, "d", draw.uniform(0, 0.2)) for _ in range(KILLS)]
    assert any(0 < rows < ROWS for rows in after), after
    with command(path, "d") as process:
        stdout, stderr = process.communicate()
    assert process.returncode == 0 or datasets.find("d") is not None, stderr
    if process.returncode == 0:
        assert f"going on after row {after[-1]:,}" in stderr
        assert json.loads(stdout.splitlines()[-1]) == datasets.required("d").report
    assert fingerprint("d") == fingerprint("whole")
