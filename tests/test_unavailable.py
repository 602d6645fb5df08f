"""The server and the worker while their database cannot be used."""

import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from db.engine import dispose, engine
from tests.browser import studio
from tests.commands.terminal import run_in
from tests.test_app import Client, _prepared


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[tuple[Client, Path]]:
    folder = tmp_path_factory.mktemp("unavailable")
    with studio.server(_prepared(folder, sqlite_template), folder) as address:
        yield Client(address), folder / "proutt.db"


def status(client: Client, wanted: str) -> str:
    """What /healthz says, asked until it is `wanted`: an answer holds for two seconds."""
    deadline = time.monotonic() + 20
    while (body := client.ask("/healthz").body) and f'"status":"{wanted}"' not in body and time.monotonic() < deadline:
        time.sleep(0.2)
    return body


def test_a_locked_database_is_told_by_healthz_and_pages_can_still_be_opened(served: tuple[Client, Path]) -> None:
    client, path = served
    token = client.sign_in().token
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert "another program holds the database" in status(client, "locked")
        assert client.ask("/healthz").status == 503
        assert client.ask("/", token=token).status == 200
    assert status(client, "ok") == '{"status":"ok"}'


def test_a_database_that_is_gone_is_told_to_everybody(served: tuple[Client, Path]) -> None:
    client, path = served
    token = client.sign_in().token
    files = [Path(f"{path}{ending}") for ending in ("", "-wal", "-shm") if Path(f"{path}{ending}").exists()]
    for file in files:
        file.rename(f"{file}.away")
    try:
        page, sign_in = client.ask("/", token=token), client.sign_in()
        for answer in (page, sign_in):
            assert answer.status == 503 and "the database file is not there" in answer.body
            assert "was not saved" in answer.body and str(path) not in answer.body
            assert answer.headers["content-security-policy"].startswith("default-src 'none'")
            assert answer.headers["x-frame-options"] == "DENY" and "retry-after" in answer.headers
        assert client.open_websocket(token=token) in (403, 503)
        assert "the database file is not there" in status(client, "absent")
        assert str(path) not in client.ask("/healthz").body
        assert not path.exists()  # nobody made a new, empty one
    finally:
        for file in files:
            Path(f"{file}.away").rename(file)
    assert client.ask("/", token=token).status == 200
    assert status(client, "ok") == '{"status":"ok"}'


def test_a_server_whose_database_does_not_answer_says_so_in_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(studio.free_port())]
    env = studio.environment("postgresql://nobody:sesame@127.0.0.1:1/nothing")
    done = subprocess.run(command, cwd=studio.PROJECT, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert "error: the database cannot be used: the database server does not answer" in said
    assert "Traceback" not in said and "sesame" not in said


@pytest.mark.parametrize(
    ("revision", "to_do"), [("0001", "run `python -m proutt_core init`"), ("4711", "update ProUtt")]
)
def test_worker_and_commands_refuse_another_versions_schema_in_one_line(
    database: str, revision: str, to_do: str
) -> None:
    with engine().begin() as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'")
    dispose()
    add = ("user", "add", "ann", "--role", "admin")
    for words in (("worker", "--until-idle"), ("worker",), ("runs",), ("datasets", "list"), ("prices",), add):
        shown = run_in("utf-8", *words)
        assert (shown.code, shown.out) == (1, b""), (words, shown)
        (line,) = [line for line in shown.err.decode().splitlines() if line]
        assert line.startswith("error: the database has schema " + revision) and to_do in line


def test_a_worker_ends_when_its_database_is_migrated_under_it(tmp_path: Path, sqlite_template: Path) -> None:
    url = _prepared(tmp_path, sqlite_template)
    with studio.worker(url, tmp_path) as worker:
        log = tmp_path / "worker.log"
        deadline = time.monotonic() + 30
        while "is ready" not in log.read_text() and time.monotonic() < deadline:
            time.sleep(0.1)
        with closing(sqlite3.connect(tmp_path / "proutt.db", isolation_level=None)) as other:
            other.execute("UPDATE alembic_version SET version_num = '4711'")
        assert worker.wait(timeout=20) == 1
    assert "Traceback" not in log.read_text()
    assert log.read_text().splitlines()[-1].startswith("error: the database has schema 4711")
