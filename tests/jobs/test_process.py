"""Real processes: workers killed in the middle, two at once, told to stop; the command line interrupted."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlmodel import select

from db.backup import back_up
from db.engine import read
from db.jobs import items, jobs, workers
from db.jobs.jobs import JobInfo
from db.tables import LlmCall
from proutt_core.errors import ConflictError
from proutt_core.jobs.process import work
from tests.db.test_backup import Writing, restored, written
from tests.fake_server import FakeServer
from tests.jobs.project import DATASET, import_talks, queue_run, rows_of_run, run_here

PROJECT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60.0
CONCURRENCY = 4
LATENCY_S = 0.15
TALKS = 40  # enough that a slow machine still sees the middle of a run


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer(latency_s=LATENCY_S) as running:
        yield running


@pytest.fixture
def spawn(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts `python -m proutt_core …` with a lease of a second; what is left at the end is killed."""
    # Tests started in the background of a shell inherit an ignored SIGINT, and so would the processes they start.
    inherited = signal.signal(signal.SIGINT, signal.default_int_handler)
    started: list[subprocess.Popen[bytes]] = []

    def start(*words: str) -> subprocess.Popen[bytes]:
        with (tmp_path / f"worker{len(started)}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "proutt_core", *(words or ("worker",))],
                cwd=tmp_path,
                env={**os.environ, "PROUTT_LEASE_S": "1", "PYTHONPATH": str(PROJECT)},
                stdout=log,
                stderr=log,
            )
        started.append(process)
        return process

    yield start
    signal.signal(signal.SIGINT, inherited)
    for process in started:
        process.kill()
        process.wait()


def wait_for(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)


def start_run(server: FakeServer, name: str = "r") -> int:
    return queue_run(run=name, model="fake", base_url=server.base_url, concurrency=CONCURRENCY).job_id


def undisturbed_rows() -> list[dict[str, object]]:
    """The same run at another address, so that it shares no stored reply."""
    with FakeServer() as other:
        job_id = start_run(other, "undisturbed")
        run_here(job_id)
        return rows_of_run(job_id)


def paid_twice() -> int:
    with read() as session:
        return len(session.exec(select(LlmCall.id).where(LlmCall.superseded)).all())


def test_sigkill_in_the_middle_and_a_restart_give_the_rows_of_an_undisturbed_run(
    database: str, server: FakeServer, spawn: Callable[..., subprocess.Popen[bytes]]
) -> None:
    import_talks(TALKS)
    expected = undisturbed_rows()
    job_id = start_run(server)
    first = spawn()
    wait_for(lambda: items.counts(job_id).done >= 3)
    first.kill()
    first.wait()
    server.latency_s = 0
    left = items.counts(job_id)
    assert left.done < TALKS
    assert left.running > 0  # nobody gave them back
    second = spawn("worker", "--until-idle")
    assert second.wait(timeout=PATIENCE_S) == 0
    assert jobs.required(job_id).state == "done"
    assert rows_of_run(job_id) == expected
    assert paid_twice() == 0
    # Seen again are at most the calls in flight, and those answered within the last commit window.
    again = sum(call.seen > 0 for call in server.calls)
    assert again <= 2 * CONCURRENCY


def test_of_two_workers_one_is_killed_and_the_other_finishes(
    database: str, server: FakeServer, spawn: Callable[..., subprocess.Popen[bytes]]
) -> None:
    import_talks(TALKS)
    expected = undisturbed_rows()
    lost, kept = spawn(), spawn()
    wait_for(lambda: len(workers.living()) == 2)
    job_id = start_run(server)
    wait_for(lambda: items.counts(job_id).done >= 4)
    assert server.most_at_once > CONCURRENCY  # both are at it
    lost.kill()
    lost.wait()
    server.latency_s = 0
    assert items.counts(job_id).finished < TALKS
    wait_for(lambda: jobs.required(job_id).state == "done")
    assert kept.poll() is None
    assert rows_of_run(job_id) == expected
    assert paid_twice() == 0


def test_a_copy_made_while_a_worker_and_people_write_is_whole_and_its_run_is_finished_in_it(
    database: str,
    server: FakeServer,
    spawn: Callable[..., subprocess.Popen[bytes]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import_talks(TALKS)
    expected = undisturbed_rows()
    job_id = start_run(server)
    worker = spawn()
    with Writing() as writing:
        wait_for(lambda: items.counts(job_id).done >= 3)
        done, acknowledged = items.counts(job_id).done, set(writing.acknowledged)
        back_up(tmp_path / "copy")
        assert worker.poll() is None
        wait_for(lambda: items.counts(job_id).done > done)  # nobody was stopped by it
    worker.kill()
    worker.wait()
    restored(tmp_path / "copy", monkeypatch, database.rpartition("/")[0] if database.startswith("postgresql") else "")
    assert done <= items.counts(job_id).done < TALKS
    assert acknowledged <= written().keys()
    for row in rows_of_run(job_id):
        assert (row["pair"] is not None) == (row["item"]["state"] == "done")
    server.latency_s = 0
    assert spawn("worker", "--until-idle").wait(timeout=PATIENCE_S) == 0
    assert rows_of_run(job_id) == expected
    assert paid_twice() == 0


def test_sigterm_gives_back_what_was_claimed_and_signs_off(
    sqlite: str, server: FakeServer, spawn: Callable[..., subprocess.Popen[bytes]]
) -> None:
    import_talks(TALKS)
    job_id = start_run(server)
    worker = spawn()
    wait_for(lambda: items.counts(job_id).done >= 1)
    assert [w.pid for w in workers.living()] == [worker.pid]
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=PATIENCE_S) == 0
    left = items.counts(job_id)
    assert left.running == 0
    assert left.waiting > 0
    assert workers.living() == []
    assert jobs.required(job_id).state == "running"
    # The calls under way were finished and stored within the grace.
    with read() as session:
        assert len(session.exec(select(LlmCall.id)).all()) == len(server.calls)


def test_one_broken_job_does_not_end_the_others(
    sqlite: str, spawn: Callable[..., subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    import_talks(3)
    # The worker has no key for this one: it cannot even begin.
    monkeypatch.setenv("DEEPSEEK_API_KEY", "sk-here-only")
    broken = queue_run(run="broken", model="deepseek/deepseek-chat").job_id
    monkeypatch.delenv("DEEPSEEK_API_KEY")
    sound = queue_run(run="sound").job_id
    assert spawn("worker", "--until-idle").wait(timeout=PATIENCE_S) == 0
    assert jobs.required(sound).state == "done"
    failed = jobs.required(broken)
    assert (failed.state, failed.halt) == ("failed", "refused")
    assert "DEEPSEEK_API_KEY" in failed.reason
    assert "sk-here-only" not in str(failed)


def test_what_follows_is_done_after_each_job_and_its_error_is_a_warning(
    sqlite: str, caplog: pytest.LogCaptureFixture
) -> None:
    import_talks(2)
    started = [queue_run(run=name).job_id for name in ("one", "two")]
    followed: list[int] = []

    def follow_up(job: JobInfo) -> None:
        followed.append(job.id)
        raise ConflictError("another was quicker")

    asyncio.run(work(until_idle=True, follow_up=follow_up))
    assert sorted(followed) == started
    assert {jobs.required(job_id).state for job_id in started} == {"done"}
    assert caplog.text.count("another was quicker") == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_command_pauses_its_run_and_the_same_command_goes_on(
    sqlite: str, server: FakeServer, spawn: Callable[..., subprocess.Popen[bytes]], number: signal.Signals
) -> None:
    import_talks(TALKS)
    job_id = start_run(server)
    words = ("synthesize", "--dataset", DATASET, "--run", "r", "--model", "fake", "--base-url", server.base_url)
    command = spawn(*words)
    wait_for(lambda: items.counts(job_id).done >= 1)
    command.send_signal(number)
    assert command.wait(timeout=PATIENCE_S) == 130
    assert (jobs.required(job_id).state, jobs.required(job_id).halt) == ("paused", "person")
    left = items.counts(job_id)
    assert (left.running, left.failed) == (0, 0)
    assert left.waiting > 0
    server.latency_s = 0
    assert spawn(*words).wait(timeout=PATIENCE_S) == 0
    assert items.counts(job_id).done == TALKS
