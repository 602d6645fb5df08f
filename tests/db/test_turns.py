"""Writers on SQLite: in the order in which they came, none shut out, and nobody waits for one that was killed."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

import db.engine
from db.engine import write
from db.turns import Turns

PROJECT = Path(__file__).resolve().parents[2]


def soon(reached: Callable[[], bool]) -> None:
    ends = time.monotonic() + 20
    while not reached():
        assert time.monotonic() < ends
        time.sleep(0.002)


def connected(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with connected(tmp_path / "turns.db") as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE written (who TEXT)")
    return tmp_path / "turns.db"


def test_threads_are_served_in_the_order_in_which_they_came(path: Path) -> None:
    turns, order, threads = Turns(path, wait_s=20), [], []

    def writer(n: int) -> None:
        with turns.turn():
            order.append(n)

    with turns.turn():
        for n in range(12):
            threads.append(threading.Thread(target=writer, args=(n,)))
            threads[-1].start()
            soon(lambda n=n: len(turns._line) == n + 2)  # type: ignore[misc]
    for thread in threads:
        thread.join()
    assert order == list(range(12))


def test_who_waited_long_enough_goes_on_and_the_next_one_is_still_served(path: Path) -> None:
    turns, order = Turns(path, wait_s=0.05), []

    def impatient() -> None:
        with turns.turn():
            order.append("impatient")

    with turns.turn():
        thread = threading.Thread(target=impatient)
        thread.start()
        thread.join()
        assert order == ["impatient"]
    with turns.turn():
        order.append("next")
    assert not turns._line


def test_who_is_interrupted_while_waiting_holds_nobody_up(path: Path) -> None:
    turns, held, may_end = Turns(path, wait_s=20), threading.Event(), threading.Event()

    def first() -> None:
        with turns.turn():
            held.set()
            may_end.wait(20)

    thread = threading.Thread(target=first)
    thread.start()
    held.wait(20)
    threading.Timer(0.2, lambda: signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt), turns.turn():
        pass
    may_end.set()
    thread.join()
    began = time.monotonic()
    with turns.turn():
        assert time.monotonic() - began < 5


def test_an_error_in_a_turn_ends_it(path: Path) -> None:
    turns = Turns(path, wait_s=20)
    with pytest.raises(ValueError, match="inside"), turns.turn():
        raise ValueError("inside")
    with turns.turn():
        pass


def test_a_lock_that_stays_is_an_error_of_sqlite_in_time(path: Path) -> None:
    turns, holder, waiter = Turns(path, wait_s=0.1), connected(path), connected(path)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        turns.begin(waiter)
    assert waiter.execute("PRAGMA busy_timeout").fetchone() == (100,), "statements wait again as they did"
    holder.execute("ROLLBACK")
    turns.begin(waiter)


def test_another_error_is_not_waited_for(path: Path) -> None:
    connection = connected(path)
    connection.execute("BEGIN")
    began = time.monotonic()
    with pytest.raises(sqlite3.OperationalError, match="within a transaction"):
        Turns(path, wait_s=20).begin(connection)
    assert time.monotonic() - began < 10


# Writes as fast as it can, and says so; or takes the turnstile and keeps it.
WRITING = """
import sqlite3, sys
from pathlib import Path
from db.turns import Turns
path = Path(sys.argv[1])
turns = Turns(path, wait_s=20)
connection = sqlite3.connect(path, isolation_level=None)
while True:
    turns.begin(connection)
    connection.execute("INSERT INTO written VALUES ('child')")
    connection.execute("COMMIT")
"""
HOLDING = """
import sys, time
from pathlib import Path
from db.turns import Turns
with Turns(Path(sys.argv[1]), wait_s=20)._through_turnstile(time.monotonic() + 20):
    print("holds", flush=True)
    time.sleep(60)
"""


def child(script: str, path: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", script, str(path)]
    return subprocess.Popen(command, cwd=PROJECT, env=dict(os.environ), stdout=subprocess.PIPE, text=True)


def test_of_two_processes_that_write_on_and_on_none_is_shut_out(path: Path) -> None:
    turns, connection = Turns(path, wait_s=20), connected(path)
    writing = child(WRITING, path)

    def written() -> int:
        return int(connection.execute("SELECT count(*) FROM written").fetchone()[0])

    try:
        soon(lambda: written() > 10)
        before = written()
        for _ in range(300):
            turns.begin(connection)
            connection.execute("INSERT INTO written VALUES ('own')")
            time.sleep(0.002)
            connection.execute("COMMIT")
        of_child = written() - before - 300
    finally:
        writing.kill()
        writing.communicate()
    # One or two to each of ours, which hold the lock longer; left to SQLite's own waiting it was up to twelve.
    assert 100 < of_child < 300 * 8


def test_nobody_waits_for_a_process_that_was_killed_in_the_turnstile(path: Path) -> None:
    holding = child(HOLDING, path)
    assert holding.stdout is not None
    assert holding.stdout.readline() == "holds\n"
    connection, began = connected(path), threading.Event()
    thread = threading.Thread(target=lambda: (Turns(path, wait_s=30).begin(connection), began.set()))
    thread.start()
    assert not began.wait(0.2)
    holding.send_signal(signal.SIGKILL)
    holding.communicate()
    assert began.wait(10)
    thread.join()


def test_where_no_file_can_be_made_sqlite_waits_by_itself(path: Path) -> None:
    turns = Turns(path.parent / "absent" / "turns.db", wait_s=5)
    turns.begin(connected(path))


def test_the_turnstile_is_this_accounts_file(sqlite: str) -> None:
    with write():
        pass
    file = Path(sqlite.removeprefix("sqlite:///") + "-turn")
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.stat().st_size == 0


def test_a_lock_of_another_program_is_told_as_the_databases_error(sqlite: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.engine.BUSY_TIMEOUT_MS", 100)
    db.engine.dispose()
    other = connected(Path(sqlite.removeprefix("sqlite:///")))
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(OperationalError, match="locked"), write():
        pass
    other.execute("ROLLBACK")
    with write() as session:
        session.connection().execute(sa.text("SELECT 1"))
