""".env in the encodings in which people's tools write it."""

import os
from pathlib import Path

import pytest

from proutt_core.environment import load_settings_file
from proutt_core.errors import SettingsError
from tests.commands.terminal import run_in

TEXT = "# a comment\nPROUTT_TEST_SETTING=quiet\n"


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROUTT_TEST_SETTING", "")
    monkeypatch.delenv("PROUTT_TEST_SETTING")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_marked_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    (tmp_path / ".env").write_text(TEXT.removeprefix("# a comment\n"), encoding=encoding)
    load_settings_file(tmp_path / ".env")
    assert os.environ["PROUTT_TEST_SETTING"] == "quiet"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (TEXT.encode("utf-16-le"), "NUL characters"),
        (TEXT.encode("utf-16-be"), "NUL characters"),
        (TEXT.encode("utf-32"), "NUL characters|no UTF-8"),
        ("PROUTT_TEST_SETTING=gemütlich".encode("cp1252"), r"is no UTF-8 text \(byte 24\)"),
        (b"PROUTT_TEST_SETTING=a\0b", "NUL characters"),
        (b"\xff\xfeP", "is no UTF-8 text"),
        (bytes(range(256)), "is no UTF-8 text"),
    ],
)
def test_what_is_no_text_is_refused_in_one_line_without_its_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, words: str
) -> None:
    (tmp_path / ".env").write_bytes(content)
    with pytest.raises(SettingsError, match=words):
        load_settings_file(tmp_path / ".env")
    monkeypatch.chdir(tmp_path)
    shown = run_in("utf-8", "models")
    assert (shown.code, shown.out) == (1, b"")
    assert shown.err.startswith(b"error: .env ") and shown.err.count(b"\n") == 1
    assert b"SETTING" not in shown.err


def test_no_file_a_folder_and_lines_that_are_no_settings_do_no_harm(tmp_path: Path) -> None:
    load_settings_file(tmp_path / ".env")
    load_settings_file(tmp_path)
    (tmp_path / ".env").write_text(f"]]]\n=\n{TEXT}")
    load_settings_file(tmp_path / ".env")
    assert os.environ["PROUTT_TEST_SETTING"] == "quiet"
