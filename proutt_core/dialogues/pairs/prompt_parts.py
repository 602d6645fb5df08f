"""The dialogue inside an imported pair's prompt, for reading and for checks. Exports hold the prompt as it is.

Released prompts and our own hold the dialogue at their end. A message with a speaker's name at the start of a line is
read as two; no word of the dialogue is left out.
"""

import re
from typing import NamedTuple

from proutt_core.types import Message, Role

_RELEASED = re.compile(r"\[user-assistant conversation history\]:[ \t]*\r?\n```\r?\n(.*?)\s*```\s*\Z", flags=re.DOTALL)
_OURS = "\n\nThe dialogue:\n\n"
_SPEAKER = re.compile(r"(?:\A|(?<=\n))(?:\s*\[Round [0-9]+\]\s*\n)?(User|Assistant|System|\[System Prompt\]): ")
_ROLES: dict[str, Role] = {"User": "user", "Assistant": "assistant", "System": "system", "[System Prompt]": "system"}


class PromptParts(NamedTuple):
    """`messages` is empty where no dialogue was found; then `instruction` is the whole prompt."""

    instruction: str
    messages: tuple[Message, ...]


def parts_of_prompt(prompt: str) -> PromptParts:
    released = _RELEASED.search(prompt)
    if released is not None:
        instruction, history = prompt[: released.start()], released[1]
    else:
        instruction, _, history = prompt.partition(_OURS)
    before, *parts = _SPEAKER.split(history)
    if before.strip() or not parts:
        return PromptParts(prompt, ())
    messages = (
        Message(role=_ROLES[name], content=said.strip("\r\n"))
        for name, said in zip(parts[::2], parts[1::2], strict=True)
    )
    return PromptParts(instruction.rstrip(), tuple(messages))
