from collections import Counter

from proutt_core.runs.comparison import SettingDifference, same_branch, setting_differences


def test_only_settings_that_differ_are_told_nested_ones_by_dotted_name() -> None:
    first = {"model": "a", "seed": 1, "prompts": {"insight": 1, "revise": 2}, "model_name": "a", "base_url": None}
    second = {"model": "b", "seed": 1, "prompts": {"insight": 3, "revise": 2}, "model_name": "b", "without": ["tree"]}
    assert setting_differences(first, second) == [
        SettingDifference("model", "a", "b"),
        SettingDifference("prompts.insight", "1", "3"),
        SettingDifference("without", "", "tree"),
    ]
    assert setting_differences(first, first) == []


def test_agreement_of_branches_counts_finished_samples_only() -> None:
    both = Counter({("high", "high"): 3, ("high", "low"): 2, ("low", "low"): 1, (None, "low"): 4, ("mid", None): 1})
    assert same_branch(both) == (4, 6)
    assert same_branch(Counter()) == (0, 0)
