"""What commands print, in any code page, and with what a file or a server may have put into it."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from db.jobs import jobs
from proutt_core.terminal import VisibleFormatter
from proutt_core.types.halts import Standstill
from tests.commands.terminal import run_in
from tests.jobs.project import import_talks, queue_run

NAME = "对话 – 1"
ESCAPE = "\x1b]0;owned\x07\x9b31m\u202e"


@pytest.fixture
def project(sqlite: str) -> None:
    import_talks(2, name=NAME)
    job_id = queue_run(run=NAME, dataset=NAME).job_id
    jobs.halt(job_id, Standstill("server", f"the server said {ESCAPE}"))


PRINTING = [
    ("datasets", "list"),
    ("datasets", "remove", "没有"),
    ("title", "新的", "--dataset", NAME),
    ("runs",),
    ("resume", NAME),
    ("cancel", NAME),
    ("synthesize", "--dataset", NAME, "--run", "另一个", "--estimate"),
    ("synthesize", "--dataset", NAME, "--run", "第三"),
    ("predict", "--dataset", NAME, "--method", "方法", "--split", "all"),
    ("personal-data", NAME),
    ("near-duplicates", NAME),
    ("licence", NAME, "--redistributable", "--reason", "是的"),
    ("export", "sft", "--run", NAME, "--out", "输出.jsonl"),
    ("prices", "set", "模型", "--base-url", "http://h/v1", "--prompt", "1", "--completion", "1", "--currency", "CNY"),
    ("prices",),
    ("models",),
    ("study", "create", "研究", "--title", "题", "--dataset", NAME, "--a", "甲", "--b", "乙"),
    ("user", "add", "安娜", "--role", "annotator"),
    ("没有这个命令",),
    ("runs", "--没有"),
    ("export", "--help"),
]


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "ascii", "utf-8"])
def test_no_command_ends_over_what_a_code_page_lacks(
    project: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for words in PRINTING:
        shown = run_in(encoding, *words)
        assert b"Traceback" not in shown.err, words
        assert shown.out or shown.err, words
        shown.out.decode(encoding)
        shown.err.decode(encoding)


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
def test_json_is_read_back_from_any_code_page(project: None, encoding: str) -> None:
    shown = run_in(encoding, "runs", "--json")
    (run,) = json.loads(shown.out.decode(encoding))["runs"]
    assert (run["name"], run["reason"]) == (NAME, f"the server said {ESCAPE}")


@pytest.mark.parametrize("words", [("runs",), ("runs", "--json")])
def test_nothing_raw_of_a_server_reaches_the_terminal(project: None, words: tuple[str, ...]) -> None:
    shown = run_in("utf-8", *words)
    assert all(c.isprintable() or c == "\n" for c in shown.out.decode())
    assert "U+001B" in shown.out.decode() or "\\u001b" in shown.out.decode()


def test_nothing_raw_of_what_was_typed_reaches_the_terminal(sqlite: str) -> None:
    for words in [("pause", ESCAPE), (ESCAPE,), ("runs", f"--{ESCAPE}"), ("import", ESCAPE, "--dataset", "d")]:
        shown = run_in("utf-8", *words)
        assert shown.code != 0
        assert all(c.isprintable() or c == "\n" for c in shown.err.decode())


def test_nothing_raw_is_in_the_traceback_of_a_bug(sqlite: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: object) -> None:
        raise ZeroDivisionError(ESCAPE)

    monkeypatch.setattr(jobs, "list_jobs", broken)
    shown = run_in("utf-8", "runs")
    assert shown.code == 1
    assert "ZeroDivisionError: ⟦U+001B⟧]0;owned" in shown.err.decode()
    assert all(c.isprintable() or c == "\n" for c in shown.err.decode())


def test_nothing_raw_reaches_a_log_neither_in_words_nor_in_a_traceback() -> None:
    try:
        raise ValueError(ESCAPE)
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "x.py", 1, "the server said %s", (ESCAPE,), sys.exc_info())
    line = VisibleFormatter("%(message)s").format(record)
    assert all(c.isprintable() or c == "\n" for c in line)
    assert line.count("U+001B") == 2


def test_arguments_that_are_no_text_are_refused_in_one_line() -> None:
    command = [sys.executable, "-m", "proutt_core", "title", b"\xff\xfe", "--dataset", "d"]
    done = subprocess.run(command, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"error: argument 2 is no text in this system's encoding: ")
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize("opened", [lambda: open("/dev/full", "wb"), lambda: _pipe_without_reader()])  # noqa: SIM115
def test_a_standard_output_that_takes_nothing_costs_one_line(sqlite: str, opened: Callable[[], object]) -> None:
    with opened() as stream:  # type: ignore[attr-defined]
        done = subprocess.run(
            [sys.executable, "-m", "proutt_core", "runs"], stdout=stream, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 1
    assert done.stderr.startswith(b"error: standard output cannot be written: ")
    assert done.stderr.count(b"\n") == 1


def _pipe_without_reader() -> object:
    reading, writing = os.pipe()
    os.close(reading)
    return os.fdopen(writing, "wb")
