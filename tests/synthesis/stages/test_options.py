"""What every stage is told: one value, with what follows from it."""

import pytest
from pydantic import ValidationError

from proutt_core.synthesis.stages import StageOptions


def test_nothing_is_left_out_and_no_language_is_known_unless_said() -> None:
    options = StageOptions()
    assert options.language == "und" and options.views == ("mining", "exploration") and options.has("tree")


def test_the_views_are_those_that_remain() -> None:
    options = StageOptions(language="en", without=frozenset({"mining", "tree"}))
    assert options.views == ("exploration",)
    assert [options.has(part) for part in ("tree", "mining", "exploration", "revision")] == [False, False, True, True]


def test_a_stage_cannot_change_it() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        StageOptions().language = "en"  # type: ignore[misc]
