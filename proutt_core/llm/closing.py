"""Closing what a model holds open. In-process models hold nothing."""

from typing import Protocol, runtime_checkable

from proutt_core.llm.model import Model


@runtime_checkable
class Closable(Protocol):
    async def aclose(self) -> None: ...


async def close_model(model: Model) -> None:
    """Close the model's connections, if it has any, through whatever is wrapped around it."""
    if isinstance(model, Closable):
        await model.aclose()
