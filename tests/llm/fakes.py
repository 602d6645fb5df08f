"""Models for tests: one that answers from a script, one that answers like `rules` but can be told to misbehave."""

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from pydantic import BaseModel

from proutt_core.llm import Completion, Prompt, ReplyType
from proutt_core.llm.rules import RulesModel


class ScriptedModel:
    """Answers each stage from a queue of texts or exceptions; remembers what it was asked."""

    name = "scripted-1"
    address = ""
    parameters: Mapping[str, Any] = {}

    def __init__(self, **replies: list[str | Exception]) -> None:
        self.replies = {stage: deque(texts) for stage, texts in replies.items()}
        self.asked: list[tuple[Prompt, ReplyType[BaseModel] | None]] = []

    async def complete(self, prompt: Prompt, *, schema: ReplyType[BaseModel] | None, draw: int = 0) -> Completion:
        self.asked.append((prompt, schema))
        reply = self.replies[prompt.stage].popleft()
        if isinstance(reply, Exception):
            raise reply
        return Completion(text=reply, model=self.name)


Change = Callable[[Prompt, str], str]


class ChangedRules(RulesModel):
    """`rules`, with the answers of some stages changed: `ChangedRules(similarity=lambda prompt, text: ...)`."""

    def __init__(self, **changes: Change) -> None:
        self.changes = changes
        self.prompts: defaultdict[str, list[Prompt]] = defaultdict(list)

    async def complete(self, prompt: Prompt, *, schema: ReplyType[BaseModel] | None, draw: int = 0) -> Completion:
        self.prompts[prompt.stage].append(prompt)
        completion = await super().complete(prompt, schema=schema, draw=draw)
        change = self.changes.get(prompt.stage)
        return completion if change is None else replace(completion, text=change(prompt, completion.text))


class ClockedRules(ChangedRules):
    """`rules` where every call takes one tick of a clock of its own: `ticks` is how many calls deep the work went.

    A tick passes only when nothing else can run, so calls that may run together do.
    """

    def __init__(self, **changes: Change) -> None:
        super().__init__(**changes)
        self.ticks = 0
        self.started: dict[str, list[int]] = defaultdict(list)
        self._waiting: list[asyncio.Event] = []

    async def complete(self, prompt: Prompt, *, schema: ReplyType[BaseModel] | None, draw: int = 0) -> Completion:
        self.started[prompt.stage].append(self.ticks + 1)
        gate = asyncio.Event()
        self._waiting.append(gate)
        await gate.wait()
        return await super().complete(prompt, schema=schema, draw=draw)

    async def run_clock(self, work: "asyncio.Task[Any]") -> None:
        """Let calls end, all that wait at once, until `work` is done."""
        while not work.done():
            for _ in range(50):  # more turns of the loop than any chain of callbacks between two calls takes
                await asyncio.sleep(0)
            if self._waiting:
                self.ticks += 1
                gates, self._waiting = self._waiting, []
                for gate in gates:
                    gate.set()


class ShuffledRules(RulesModel):
    """`rules` whose calls end in an order that depends on how many run: what concurrency does to a real server."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()

    async def complete(self, prompt: Prompt, *, schema: ReplyType[BaseModel] | None, draw: int = 0) -> Completion:
        self.calls[prompt.stage] += 1
        for _ in range(self.calls.total() * 7 % 11):
            await asyncio.sleep(0)
        return await super().complete(prompt, schema=schema, draw=draw)
