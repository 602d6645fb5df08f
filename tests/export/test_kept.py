"""Which of the files written on the page are removed."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from proutt_core.export.kept import remove_superseded

NOW = datetime(2026, 5, 3, 12, tzinfo=UTC)
SFT, PREFERENCE = ("sft", "trl", "clean"), ("preference", "trl", "clean")


def file(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x", encoding="utf-8")
    return path


def test_what_was_written_again_goes_after_a_day_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "data" / "exports"
    newest, recent, old, only = (file(folder / name / "r.json") for name in ("a", "b", "c", "d"))
    file(old.with_name("dataset_info.json"))
    elsewhere = file(tmp_path / "mine" / "r.json")
    written = [
        (NOW, newest, SFT),
        (NOW - timedelta(hours=23), recent, SFT),
        (NOW - timedelta(days=3), only, PREFERENCE),
        (NOW - timedelta(days=4), old, SFT),
        (NOW - timedelta(days=5), elsewhere, SFT),
        (NOW - timedelta(days=6), folder / "gone" / "r.json", SFT),
    ]
    remove_superseded(written, moment=NOW)
    assert [path.exists() for path in (newest, recent, only, old, elsewhere)] == [True, True, True, False, True]
    assert sorted(path.name for path in folder.iterdir()) == ["a", "b", "d"]
