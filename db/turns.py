"""Writers on SQLite take turns: the threads of a process in the order in which they came, processes by a turnstile.

Left to itself SQLite lets a waiting writer sleep longer and longer, up to a tenth of a second, while one that comes
later and finds the lock free by chance goes first: with twenty writers some waited for 15 s and were told "database is
locked". Here one writer of a process waits at a time, the first that came. It takes the turnstile, a lock on the file
`<database>-turn`, looks for SQLite's lock every millisecond, and leaves the turnstile as soon as it has it: so a
process that has just written stands behind every other one that waits.
"""

import os
import random
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # no such locks on this system: processes then meet at SQLite's own lock only
    fcntl = None  # type: ignore[assignment]

LOOK_EVERY_S = 0.001


class Turns:
    """Of the writers of one database in this process. `path` is the database's file.

    Who has waited `wait_s` goes on without a turn: SQLite then says itself that it is locked.
    """

    def __init__(self, path: Path, *, wait_s: float) -> None:
        self._wait_s = wait_s
        self._guard = threading.Lock()
        self._line: deque[threading.Lock] = deque()  # whose turn it is, and those behind; each waits at its own lock
        self._turnstile = path.with_name(f"{path.name}-turn")

    @contextmanager
    def turn(self) -> Iterator[None]:
        """This thread's turn, after all that came before it."""
        mine = self._line_up()
        try:
            mine.acquire(timeout=self._wait_s)
            yield
        finally:
            self._leave(mine)  # also who was interrupted while waiting

    def _line_up(self) -> threading.Lock:
        mine = threading.Lock()
        with self._guard:
            if self._line:
                mine.acquire()
            self._line.append(mine)
        return mine

    def _leave(self, mine: threading.Lock) -> None:
        with self._guard:
            was_first = self._line[0] is mine
            self._line.remove(mine)
            if was_first and self._line:
                self._line[0].release()

    def begin(self, connection: sqlite3.Connection, *, wait_s: float | None = None) -> None:
        """BEGIN IMMEDIATE. Raises sqlite3.OperationalError where the lock is not free in time, or within `wait_s`."""
        ends = time.monotonic() + (self._wait_s if wait_s is None else wait_s)
        with self._through_turnstile(ends):
            connection.execute("PRAGMA busy_timeout=0")
            try:
                while not _began(connection, last=time.monotonic() > ends):
                    time.sleep(LOOK_EVERY_S * random.uniform(0.5, 1.5))
            finally:
                connection.execute(f"PRAGMA busy_timeout={round(1000 * self._wait_s)}")

    @contextmanager
    def _through_turnstile(self, ends: float) -> Iterator[None]:
        file = self._opened_turnstile()
        if file is None:
            yield
            return
        try:
            while not _locked(file) and time.monotonic() < ends:
                time.sleep(LOOK_EVERY_S * random.uniform(0.5, 1.5))
            yield
        finally:
            os.close(file)  # which also gives the lock up

    def _opened_turnstile(self) -> int | None:
        if fcntl is None:
            return None
        try:
            return os.open(self._turnstile, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:  # a folder that cannot be written: SQLite says so itself
            return None


def _began(connection: sqlite3.Connection, *, last: bool) -> bool:
    try:
        connection.execute("BEGIN IMMEDIATE")
        return True
    except sqlite3.OperationalError as exc:
        if last or exc.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        return False


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
