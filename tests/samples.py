"""Samples that tests of the method share, and cutting the bundled dialogues."""

import json
from collections.abc import Iterator

from proutt_core.actions.sample import sample_path
from proutt_core.types import Message, Sample


def sample_of(*texts: str, next_utterance: str, later: tuple[str, ...] = (), external_id: str = "d1") -> Sample:
    """A sample whose context alternates, the user first."""
    context = tuple(Message(role="user" if i % 2 == 0 else "assistant", content=t) for i, t in enumerate(texts))
    assert context[-1].role == "assistant"
    return Sample(
        external_id=external_id,
        target_index=len(context),
        context=context,
        next_utterance=next_utterance,
        later_utterances=later,
    )


HOTEL = sample_of(
    "I need a hotel near the museum for Saturday.",
    "Garden Inn has 40 rooms around a courtyard and is ten minutes from the museum.",
    next_utterance="Can we swim in the courtyard pool there?",
    later=("And where do we park the car?", "Book a double room then."),
)


def bundled_samples() -> Iterator[Sample]:
    """Every possible cut of the bundled dialogues, plainly: roles joined, empty and leading messages dropped."""
    for line in sample_path().read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        messages: list[Message] = []
        for m in row["messages"]:
            if m["role"] == "system" or not m["content"].strip() or (not messages and m["role"] != "user"):
                continue
            if messages and messages[-1].role == m["role"]:
                text = f"{messages.pop().content}\n{m['content']}"
                messages.append(Message(role=m["role"], content=text))
            else:
                messages.append(Message(role=m["role"], content=m["content"]))
        for index in range(2, len(messages)):
            if messages[index].role == "user":
                said = messages[index].content
                later = [m.content for m in messages[index + 1 :] if m.role == "user" and m.content != said]
                yield Sample(
                    external_id=row["id"],
                    target_index=index,
                    context=tuple(messages[:index]),
                    next_utterance=said,
                    later_utterances=tuple(later[:2]),
                )
