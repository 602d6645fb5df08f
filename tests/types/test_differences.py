"""Differences of settings in words."""

from proutt_core.types.differences import Difference, difference_texts, differences


def test_only_what_differs_is_told_by_name_and_what_a_side_lacks_is_not_set() -> None:
    stored = {"seed": 1, "split": "train", "same": [1], "model": None}
    new = {"seed": 2, "split": "train", "same": [1], "without": ["tree"]}
    assert differences(stored, new) == [Difference("seed", 1, 2), Difference("without", None, ["tree"])]
    assert difference_texts(stored, new) == ["seed is 1 there and 2 here", "without is not set there and ['tree'] here"]
    assert difference_texts(new, new) == []


def test_values_may_be_told_in_other_words() -> None:
    assert difference_texts({"a": 1}, {"a": 2}, as_text=lambda value: f"<{value}>") == ["a is <1> there and <2> here"]
