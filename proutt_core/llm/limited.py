"""A model around a model: at most so many calls at once, over everything that shares the limit.

Put it inside the cache (`Cached(Limited(client, limit), …)`), so that stored replies wait for nobody. A call that backs
off keeps its place: a server that asks for less gets less.
"""

import asyncio

from pydantic import BaseModel

from proutt_core.llm.model import Completion, Model, Prompt
from proutt_core.llm.wrapped import WrappedModel


class Limited(WrappedModel):
    """Satisfies `Model`. One `limit` belongs to one process and address; share it between the models that go there."""

    def __init__(self, model: Model, limit: asyncio.Semaphore) -> None:
        super().__init__(model)
        self._limit = limit

    async def complete(self, prompt: Prompt, *, schema: type[BaseModel] | None, draw: int = 0) -> Completion:
        async with self._limit:
            return await self._model.complete(prompt, schema=schema, draw=draw)
