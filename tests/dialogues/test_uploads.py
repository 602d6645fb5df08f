"""Uploaded files: where they lie, under which name, and that nothing else is ever removed."""

import io
from pathlib import Path

import pytest

from proutt_core.dialogues.uploads import is_upload, remove_upload, safe_name, save_upload
from proutt_core.errors import InputError


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("val.json.zip", "val.json.zip"),
        ("../../etc/passwd", "passwd"),
        ("..\\secret.txt", "secret.txt"),
        (".env", "env"),
        ("对话 one\n.json", "对话_one_.json"),
        ("...", "upload"),
        ("$(rm -rf x).jsonl", "rm_-rf_x_.jsonl"),
    ],
)
def test_a_name_leads_nowhere(name: str, expected: str) -> None:
    assert safe_name(name) == expected


def test_two_uploads_of_one_name_lie_apart(tmp_path: Path) -> None:
    first = save_upload(io.BytesIO(b"a"), "x.json", folder=tmp_path)
    second = save_upload(io.BytesIO(b"b"), "x.json", folder=tmp_path)
    assert (first.read_bytes(), second.read_bytes()) == (b"a", b"b")
    assert first.name == second.name == "x.json"


def test_an_upload_is_removed_with_its_folder_and_nothing_else_is(tmp_path: Path) -> None:
    folder = tmp_path / "uploads"
    path = save_upload(io.BytesIO(b"a"), "x.json", folder=folder)
    other = tmp_path / "mine.json"
    other.write_text("{}")
    assert not is_upload(other, folder=folder)
    assert not remove_upload(other, folder=folder)
    assert remove_upload(path, folder=folder)
    assert not remove_upload(path, folder=folder)
    assert other.exists()
    assert list(folder.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="could not be stored"):
        save_upload(io.BytesIO(b"a"), "x.json", folder=tmp_path / "file")
