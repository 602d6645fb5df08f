"""Which settings of two differ, for whoever refuses what was started with others."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Difference:
    """One setting that differs: as it is stored, and as somebody wants it now. None where a side does not have it."""

    name: str
    stored: Any
    new: Any


def differences(stored: Mapping[str, Any], new: Mapping[str, Any]) -> list[Difference]:
    """Sorted by name."""
    return [
        Difference(name, stored.get(name), new.get(name))
        for name in sorted(stored.keys() | new.keys())
        if stored.get(name) != new.get(name)
    ]


def as_text(value: Any) -> str:
    return "not set" if value is None else repr(value)


def difference_texts(
    stored: Mapping[str, Any], new: Mapping[str, Any], *, as_text: Callable[[Any], str] = as_text
) -> list[str]:
    """`seed is 1 there and 2 here`, one for each."""
    return [
        f"{differs.name} is {as_text(differs.stored)} there and {as_text(differs.new)} here"
        for differs in differences(stored, new)
    ]
