"""Small sizes of what `make bench` runs whole: faults of every kind at once, and SIGKILLs at random moments."""

from pathlib import Path

import pytest

from benchmarks import faults, kills
from benchmarks._project import import_dialogues
from tests.fake_server import ELEVEN


def test_every_item_is_done_or_failed_with_its_reason_and_what_is_done_is_right(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("proutt_core.llm.openai.retry.Backoff.wait_s", lambda *_args, **_named: 0.01)
    monkeypatch.setattr(faults, "DEADLINE_S", "1")
    monkeypatch.setattr(faults, "SHARE", 0.2)
    figures = faults.measure(dialogues=40)
    assert figures.done + figures.failed == figures.items == 40
    assert set(figures.faults) == {kind.value for kind in ELEVEN}
    assert figures.done > 20
    assert figures.failed > 0
    assert figures.done_equal
    assert figures.failed_explained


def test_killed_at_random_moments_a_run_ends_as_if_nothing_had_happened(database: str) -> None:
    figures = kills.measure(dialogues=16, kills=3)
    assert figures.same_rows
    assert figures.committed_repeated == 0
    assert figures.seen_again <= 3 * (kills.CONCURRENCY + kills.CONCURRENCY)  # in flight, or in the last commit window


def test_the_bundled_dialogues_serve_where_the_shared_data_is_not(
    sqlite: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks._project.CROSSWOZ", tmp_path / "absent.zip")
    assert import_dialogues(3) == 3
