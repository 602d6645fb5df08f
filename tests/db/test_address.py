"""Addresses that cannot be a database, and files that are none: one line, without a traceback or a password."""

import os
from pathlib import Path

import pytest

from db.address import create_file, engine_at
from db.engine import dispose
from proutt_core.errors import SettingsError
from tests.commands.terminal import run_in


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("sqlite://", "in memory"),
        ("sqlite:///", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("sqlite:///file::memory:?uri=true", "in memory"),
        ("sqlite:///file:x?mode=memory&uri=true", "in memory"),
        ("sqlite+aiosqlite:///q.db", "without a driver"),
        ("sqlite+pysqlcipher://:secret@/q.db", "without a driver"),
        ("sqlite+nothing:///q.db", "without a driver"),
        ("sqlite://host/q.db", "does not fit"),
        ("sqlite:///q.db?timeout=abc", "does not fit"),
        ("sqlite:///q.db?uri=maybe", "does not fit"),
        ("sqlite:///q.db?sslmode=require", "does not fit"),
        ("postgresql://u:secret@h:port/x", "is not a database address"),
        ("postgresql://u:secret@[::1/x", "is not a database address"),
        ("postgres://u:secret@h/x", "names postgres;"),
        ("mysql+pymysql://u:secret@h/x", "names mysql;"),
        ("mongodb://u:secret@h/x", "names mongodb;"),
        ("nonsense", "is not a database address"),
        ("sqlite:/q.db", "is not a database address"),
        ("://", "is not a database address"),
        ("/home/me/q.db", "is not a database address"),
        ("sqlite:////dev/null/x/q.db", "cannot be made"),
        ("sqlite:///" + "a" * 300 + "/q.db", "cannot be made"),
    ],
)
def test_an_address_that_cannot_be_is_refused_in_one_line(
    address: str, words: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError, match=words) as refused:
        create_file(engine_at(address))
    assert "secret" not in str(refused.value)
    monkeypatch.setenv("PROUTT_DATABASE_URL", address)
    for command in ("init", "runs"):
        shown = run_in("utf-8", command)
        assert (shown.code, shown.out, shown.err.count(b"\n")) == (1, b"", 1)
        assert b"secret" not in shown.err


@pytest.mark.parametrize("address", ["sqlite:///q.db", " sqlite:///q.db\n", "sqlite+pysqlite:///sub/q.db?timeout=5"])
def test_an_address_that_can_be_is_taken(address: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    made = engine_at(address)
    create_file(made)
    with made.connect() as connection:
        connection.exec_driver_sql("select 1")
    assert list(tmp_path.rglob("q.db"))


def damaged(path: Path) -> bytes:
    """A database of ours, with noise over all pages but the first."""
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5\x00\xff" * ((len(content) - 4096) // 3)
    return bytes(content)


CONTENTS = {
    "text": b"words " * 99,
    "noise": bytes(range(256)) * 9,
    "short": b"x",
    "header only": b"SQLite format 3\0",
}


@pytest.mark.parametrize("kind", [*CONTENTS, "pages", "a folder", "a pipe"])
def test_a_file_that_is_no_database_costs_one_line(kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "p.db"
    monkeypatch.setenv("PROUTT_DATABASE_URL", f"sqlite:///{path}")
    if kind in CONTENTS:
        path.write_bytes(CONTENTS[kind])
    elif kind == "pages":
        assert run_in("utf-8", "init").code == 0
        dispose()
        path.write_bytes(damaged(path))
    elif kind == "a folder":
        path.mkdir()
    else:
        os.mkfifo(path)
    for words in (("init",), ("runs",), ("datasets", "list"), ("prices",), ("user", "add", "ann", "--role", "admin")):
        shown = run_in("utf-8", *words)
        assert (shown.code, shown.out) == (1, b""), (words, shown)
        assert shown.err.startswith(b"error: ") and shown.err.count(b"\n") == 1, shown.err
    if kind in CONTENTS:
        assert path.read_bytes() == CONTENTS[kind]
