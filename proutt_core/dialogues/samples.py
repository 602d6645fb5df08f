"""Cutting a dialogue into samples, once, at import."""

from dataclasses import dataclass
from typing import Literal

from proutt_core.dialogues.text import comparison_key, seeded_number
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
        targets = [targets[seeded_number("turn", seed, dialogue.external_id) % len(targets)]]
    return tuple(Cut(index, later_indexes(dialogue.messages, index)) for index in targets)


def targets_of(messages: tuple[Message, ...]) -> list[int]:
    """Where a cut may be: user messages right after an assistant message that closes a turn."""
    targets = []
    turns = 0
    for index in range(1, len(messages)):
        previous_role, role = messages[index - 1].role, messages[index].role
        turns += previous_role == "user" and role == "assistant"
        if turns and previous_role == "assistant" and role == "user" and messages[index].content.strip():
            targets.append(index)
    return targets


def later_indexes(messages: tuple[Message, ...], target_index: int) -> tuple[int, ...]:
    """The places of the first two user messages after the target, or fewer, that equal neither it nor each other."""
    texts = {comparison_key(messages[target_index].content)}
    indexes: list[int] = []
    for index in range(target_index + 1, len(messages)):
        if messages[index].role == "user" and comparison_key(messages[index].content) not in texts:
            texts.add(comparison_key(messages[index].content))
            indexes.append(index)
            if len(indexes) == 2:
                break
    return tuple(indexes)
