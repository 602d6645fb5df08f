"""The whole product as its users meet it: server and worker as processes of their own, one temporary database."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def environment(database_url: str, **extra: str) -> dict[str, str]:
    return os.environ | {"PROUTT_DATABASE_URL": database_url, "PYTHONUNBUFFERED": "1"} | extra


@contextmanager
def process(command: list[str], *, env: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A child of its own process group, ended (with what it started) when the block ends."""
    with log.open("wb") as output:
        child = subprocess.Popen(
            command, cwd=PROJECT, env=env, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            yield child
        finally:
            stop(child)


def stop(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGTERM)
        try:
            child.wait(timeout=15)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def wait_until_up(url: str, child: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if child.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=2):
                return
        except urllib.error.HTTPError as exc:
            if exc.code == 400:  # it is up, and does not go by this name
                return
            time.sleep(0.1)
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise AssertionError(f"the server did not come up at {url}:\n{log.read_text(errors='replace')}")


@contextmanager
def server(database_url: str, folder: Path, *options: str, **extra: str) -> Iterator[str]:
    """`streamlit run app.py` on a free port of the loopback address, with these options of its and this environment;
    yields its address."""
    port, log = free_port(), folder / "server.log"
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port), *options]
    with process(command, env=environment(database_url, **extra), log=log) as child:
        url = f"http://127.0.0.1:{port}"
        wait_until_up(url, child, log)
        yield url


@contextmanager
def worker(database_url: str, folder: Path, **extra: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "proutt_core", "worker"]
    with process(command, env=environment(database_url, **extra), log=folder / "worker.log") as child:
        yield child


def command(database_url: str, *words: str, stdin: str | None = None) -> str:
    """Run the command line; its stdout. Fails with everything it said."""
    done = subprocess.run(
        [sys.executable, "-m", "proutt_core", *words],
        cwd=PROJECT,
        env=environment(database_url),
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(words)}: {done.stdout}\n{done.stderr}"
    return done.stdout
