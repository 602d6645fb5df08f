"""Two runs told apart: which of their settings differ, and how their branches agree."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from proutt_core.types import BRANCHES
from proutt_core.types.differences import differences

# Follows from the others, or says the same in other words.
_IMPLIED = {"model_name", "address"}


@dataclass(frozen=True)
class SettingDifference:
    """One setting that differs, "" where a run does not have it; settings within settings by dotted names."""

    name: str
    first: str
    second: str


def setting_differences(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[SettingDifference]:
    """Sorted by name."""
    return [
        SettingDifference(differs.name, _as_text(differs.stored), _as_text(differs.new))
        for differs in differences(_flat(first), _flat(second))
        if differs.name not in _IMPLIED
    ]


def same_branch(both: Counter[tuple[str | None, str | None]]) -> tuple[int, int]:
    """Of the samples that both runs finished: how many ended in the same branch, and how many there are."""
    finished = Counter({pair: n for pair, n in both.items() if None not in pair})
    return sum(finished[branch, branch] for branch in BRANCHES), finished.total()


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
