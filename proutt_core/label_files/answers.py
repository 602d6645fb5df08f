"""What people and judges answered, in one form whatever the file: an entry an item and row, with its answers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from proutt_core.row_files.rows import folded
from proutt_core.types import Verdict


@dataclass(frozen=True, slots=True)
class Given:
    """One answer as it stands in the file. `question` is what it answers, as the file calls it; `where` includes the
    column."""

    where: str
    question: str
    rater: str
    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A row: `fields` may name the item; `left_out` says why answers in it count for nothing, in a few fixed words."""

    where: str
    fields: Mapping[str, str]
    answers: tuple[Given, ...]
    left_out: tuple[str, ...] = ()


HUMAN, JUDGE = "human", "judge"

_SIDES = "model|response|answer|assistant|option|method|system|candidate|choice|output|chatbot"
_ONE = re.compile(rf"(?:(?:the )?(?:{_SIDES}) )?(a|b)(?: (?:is )?(?:much |slightly )?(?:better|wins?|won|preferred))?")
_TIES = (
    *("tie", "ties", "tied", "draw", "equal", "equally good", "equally bad", "both", "neither", "same", "the same"),
    *("no preference", "no difference", "both good", "both bad", "bothbad", "tie bothbad", "tie both bad"),
    *("平", "平局", "平手", "相同", "一样"),
)


def verdict_of(value: str) -> Verdict | None:
    """The verdict that a text says beyond doubt: "A", " Tie ", "model_b"; None for any other, such as a side."""
    words = " ".join(re.findall(r"\w+", value.replace("_", " ").casefold()))
    if words in _TIES:
        return "tie"
    one = _ONE.fullmatch(words)
    if one is None:
        return None
    return "a" if one.group(1) == "a" else "b"


def kind_of(value: str) -> str | None:
    word = folded(value)
    return word if word in (HUMAN, JUDGE) else None
