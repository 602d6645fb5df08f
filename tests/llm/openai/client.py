"""One client for one fake server: made, used and closed within one event loop; waits are remembered, not slept."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest

from proutt_core.errors import ModelRefused, ReplyError
from proutt_core.llm import Completion, Prompt, ask
from proutt_core.llm.openai.client import OpenAICompatible
from tests.fake_server import FakeServer
from tests.llm.replies import ANSWER, Answer, prompt

T = TypeVar("T")


class Client:
    def __init__(self, server: FakeServer, **settings: Any) -> None:
        self.waits: list[float] = []
        self._settings: dict[str, Any] = {"name": "fake", "base_url": server.base_url, "jitter": lambda: 0.0} | settings

    def run(self, work: Callable[[OpenAICompatible], Awaitable[T]]) -> T:
        async def sleep(seconds: float) -> None:
            self.waits.append(seconds)

        async def whole() -> T:
            model = OpenAICompatible(sleep=sleep, **self._settings)
            try:
                return await work(model)
            finally:
                await model.aclose()

        return asyncio.run(whole())

    def complete(self, question: Prompt | None = None) -> Completion:
        return self.run(lambda model: model.complete(question or prompt(), schema=ANSWER))

    def ask(self) -> Answer:
        return self.run(lambda model: ask(model, prompt(), ANSWER))

    def ask_in_vain(self) -> ReplyError:
        with pytest.raises(ReplyError) as caught:
            self.ask()
        return caught.value

    def refused(self) -> ModelRefused:
        with pytest.raises(ModelRefused) as caught:
            self.complete()
        return caught.value
