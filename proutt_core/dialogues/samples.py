"""Cutting a dialogue into samples, once, at import."""

from typing import Literal

from proutt_core.dialogues.text import draw, same
from proutt_core.types import Dialogue, Message, Sample

TurnPolicy = Literal["random", "last", "all"]


def cut(dialogue: Dialogue, *, policy: TurnPolicy = "random", seed: int = 0) -> tuple[Sample, ...]:
    """One sample (`random`, `last`) or every possible one (`all`); none where the dialogue has no user message after a
    complete turn. `random` depends on nothing but the seed and the dialogue's external id."""
    targets = targets_of(dialogue.messages)
    if not targets:
        return ()
    if policy == "last":
        targets = targets[-1:]
    elif policy == "random":
        targets = [targets[draw("turn", seed, dialogue.external_id) % len(targets)]]
    return tuple(_sample(dialogue, index) for index in targets)


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


def _sample(dialogue: Dialogue, index: int) -> Sample:
    messages = dialogue.messages
    return Sample(
        external_id=dialogue.external_id,
        target_index=index,
        context=messages[:index],
        next_utterance=messages[index].content,
        later_utterances=tuple(messages[i].content for i in later_indexes(messages, index)),
        language=dialogue.language,
    )
