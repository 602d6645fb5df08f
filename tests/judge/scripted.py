"""A judge whose answers are written down beforehand; it remembers what it was asked."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel

from proutt_core.llm import Completion, Prompt, ReplyType

Answer = Callable[[Prompt], str]


class Scripted:
    """Satisfies `Model`. `answer` makes the reply's text from the prompt."""

    name = "scripted-judge"
    address = ""
    parameters: Mapping[str, Any] = {}

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.prompts: list[Prompt] = []

    async def complete(self, prompt: Prompt, *, schema: ReplyType[BaseModel] | None, draw: int = 0) -> Completion:
        self.prompts.append(prompt)
        return Completion(text=self._answer(prompt), model=self.name)
