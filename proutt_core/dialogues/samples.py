"""Cutting a dialogue into samples, once, at import."""

from dataclasses import dataclass
from typing import Literal

from proutt_core.dialogues.text import draw, same
from proutt_core.types import Dialogue, Message

TurnPolicy = Literal["random", "last", "all"]


@dataclass(frozen=True, slots=True)
class Cut:
    """A sample as places in its dialogue's messages: the one to predict, and the user's later ones (at most two)."""

    target_index: int
    later_indexes: tuple[int, ...]


def cut(dialogue: Dialogue, *, policy: TurnPolicy = "random", seed: int = 0) -> tuple[Cut, ...]:
    """One sample (`random`, `last`) or every possible one (`all`); none where the dialogue has no user message after a
    complete turn. `random` depends on nothing but the seed and the dialogue's external id."""
    targets = targets_of(dialogue.messages)
    if not targets:
        return ()
    if policy == "last":
        targets = targets[-1:]
    elif policy == "random":
        targets = [targets[draw("turn", seed, dialogue.external_id) % len(targets)]]
    return tuple(Cut(index, later_indexes(dialogue.messages, index)) for index in targets)


def targets_of(messages: tuple[Message, ...]) -> list[int]:
    """Where a cut may be: user messages right after an assistant message that closes a turn."""
    found = []
    turns = 0
    for index in range(1, len(messages)):
        before, here = messages[index - 1].role, messages[index].role
        turns += before == "user" and here == "assistant"
        if turns and before == "assistant" and here == "user" and messages[index].content.strip():
            found.append(index)
    return found


def later_indexes(messages: tuple[Message, ...], target_index: int) -> tuple[int, ...]:
    """Where the up to two user messages after the target are that equal neither it nor each other."""
    seen = {same(messages[target_index].content)}
    found: list[int] = []
    for index in range(target_index + 1, len(messages)):
        if messages[index].role == "user" and same(messages[index].content) not in seen:
            seen.add(same(messages[index].content))
            found.append(index)
            if len(found) == 2:
                break
    return tuple(found)
