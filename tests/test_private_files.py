"""What holds passwords, dialogues and answers is for the account that runs the server, from its first moment on."""

import io
import os
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from db.engine import dispose, write
from db.migrate import migrate
from proutt_core.dialogues.uploads import save_upload
from proutt_core.export.files import write_ids
from proutt_core.private_files import make_private_folder, private, tighten, tighten_own_folder
from tests.commands.terminal import run_in


def mode(path: Path) -> str:
    return f"{stat.S_IMODE(path.lstat().st_mode):o}"


def modes_in(folder: Path) -> set[str]:
    """Of the folder and all in it, but what is a folder as `d`."""
    found = {f"d{mode(path)}" if path.is_dir() else mode(path) for path in folder.rglob("*")}
    return found | {f"d{mode(folder)}"}


@pytest.fixture
def open_umask() -> Iterator[None]:
    """The most careless one: whatever is not asked for is given."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, open_umask: None) -> Iterator[Path]:
    """A working directory of our own, with the database where it is by default."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PROUTT_DATABASE_URL", raising=False)
    yield tmp_path
    dispose()


def test_all_that_is_made_in_the_own_folder_is_private(here: Path) -> None:
    migrate()
    with write():  # with the log of writes and its index beside the file
        save_upload(io.BytesIO(b"text"), "talk.jsonl")
        make_private_folder(Path("data/exports/x"))
        write_ids(Path("data/exports/x/pairs.jsonl"), [b"{}"])
        names = {path.name for path in (here / "data").rglob("*") if path.is_file()}
        assert names == {"proutt.db", "proutt.db-wal", "proutt.db-shm", "proutt.db-turn", "talk.jsonl", "pairs.jsonl"}
        assert modes_in(here / "data") == {"d700", "600"}


def test_the_demo_accounts_are_private(here: Path) -> None:
    assert run_in("utf-8", "init", "--sample").code == 0
    assert (here / "data" / "demo-accounts.txt").is_file()
    assert modes_in(here / "data") == {"d700", "600"}


def test_a_folder_that_was_made_for_the_database_is_private_and_one_that_was_there_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, open_umask: None
) -> None:
    made, there = tmp_path / "a" / "made", tmp_path / "there"
    there.mkdir()
    before = mode(there)
    for folder in (made, there):
        monkeypatch.setenv("PROUTT_DATABASE_URL", f"sqlite:///{folder / 'p.db'}")
        migrate()
        with write():
            assert {mode(path) for path in folder.iterdir()} == {"600"}
            assert len(list(folder.iterdir())) == 4
        dispose()
    assert (mode(made), mode(made.parent), mode(there)) == ("700", "700", before)


def test_what_earlier_versions_left_open_is_closed_at_the_next_start(here: Path) -> None:
    migrate()
    save_upload(io.BytesIO(b"text"), "talk.jsonl")
    for path in (here / "data", *(here / "data").rglob("*")):
        path.chmod(0o777)
    dispose()
    assert run_in("utf-8", "worker", "--until-idle").code == 0
    assert modes_in(here / "data") == {"d700", "700"}  # no right is given, the owner's stay


def test_a_database_elsewhere_is_closed_with_the_files_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite: str
) -> None:
    path = Path(sqlite.removeprefix("sqlite:///"))
    # A log of writes that another process has still open.
    other = sqlite3.connect(path)
    other.execute("PRAGMA journal_mode=WAL")
    other.execute("CREATE TABLE t (x)")
    neighbour = tmp_path / "somebody.txt"
    neighbour.write_text("mine")
    link = tmp_path / "linked.db"
    link.symlink_to(path)
    for file in (path, Path(f"{path}-wal"), Path(f"{path}-shm"), neighbour):
        file.chmod(0o644)
    monkeypatch.setenv("PROUTT_DATABASE_URL", f"sqlite:///{link}")
    with write():
        assert {mode(file) for file in (path, Path(f"{path}-wal"), Path(f"{path}-shm"))} == {"600"}
    assert mode(neighbour) == "644"
    other.close()


def test_what_is_anothers_and_what_a_link_names_stays(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outside = here / "outside"
    outside.mkdir()
    (outside / "file").write_text("x")
    (here / "data").symlink_to(outside)
    tighten_own_folder()
    tighten(here / "data")
    assert modes_in(outside) == {"d777", "666"}
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    tighten(outside / "file")
    assert modes_in(outside) == {"d777", "666"}


def test_an_opener_gives_no_right_even_for_a_moment(here: Path) -> None:
    with open("secret", "xb", opener=private):
        assert mode(here / "secret") == "600"


def test_an_export_that_somebody_asked_for_elsewhere_has_the_rights_of_any_file(here: Path) -> None:
    write_ids(here / "pairs.jsonl", [b"{}"])
    assert mode(here / "pairs.jsonl") == "666"  # by the umask
