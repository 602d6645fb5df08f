"""A model around a model: at most so many calls at once, over everything that shares the limit.

Put it inside the cache (`Cached(Limited(client, limit), …)`), so that stored replies wait for nobody. A call that backs
off keeps its place: a server that asks for less gets less.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from proutt_core.llm.closing import close_model
from proutt_core.llm.model import Completion, Model, Prompt


class Limited:
    """Satisfies `Model`. One `limit` belongs to one process and address; share it between the models that go there."""

    def __init__(self, model: Model, limit: asyncio.Semaphore) -> None:
        self._model = model
        self._limit = limit

    def __repr__(self) -> str:
        return f"Limited({self._model!r})"

    @property
    def name(self) -> str:
        return self._model.name

    @property
    def address(self) -> str:
        return self._model.address

    @property
    def parameters(self) -> Mapping[str, Any]:
        return self._model.parameters

    async def complete(self, prompt: Prompt, *, schema: type[BaseModel] | None, draw: int = 0) -> Completion:
        async with self._limit:
            return await self._model.complete(prompt, schema=schema, draw=draw)

    async def aclose(self) -> None:
        await close_model(self._model)
